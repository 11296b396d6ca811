/**
 * The name of a part on an engine, `<project>-<stack>-<part>`, so that stacks share an engine without meeting;
 * without a part, the name of what the whole platform shares.
 */
export function physicalName(platform: string, part?: string): string {
  return part === undefined ? platform : `${platform}-${part}`;
}
