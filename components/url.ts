/** Where a port that the machine publishes is reached from this computer. */
export function httpUrl(address: string, port: number): string {
  const host = address === "0.0.0.0" ? "127.0.0.1" : address;
  return port === 80 ? `http://${host}` : `http://${host}:${String(port)}`;
}
