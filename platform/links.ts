/**
 * The variables by which the article's services find what they use: those of Docker's links, under the name that Compose
 * gave (`WEB_DB_1`) and the plain one (`DB`). The address is a name on the platform's network, so that it survives a
 * restart of the target.
 */
export function linkVariables(target: string, port: number): Record<string, string> {
  const name = target.toUpperCase().replaceAll("-", "_");
  const at = `${target}:${String(port)}`;
  const variables = [`WEB_${name}_1`, name].flatMap((prefix) => {
    const of = `${prefix}_PORT_${String(port)}_TCP`;
    return [
      [`${prefix}_PORT`, `tcp://${at}`],
      [of, `tcp://${at}`],
      [`${of}_ADDR`, target],
      [`${of}_PORT`, String(port)],
      [`${of}_PROTO`, "tcp"],
    ];
  });
  return Object.fromEntries(variables) as Record<string, string>;
}
