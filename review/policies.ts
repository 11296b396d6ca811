import { type Facts, factsOf, isOwn, kindOf } from "./facts.ts";

/** A rule that a team can switch on for what a pull request changes. */
interface Policy {
  /** What it demands. */
  readonly about: string;
  /** Whether a stack's text breaks it, given what the stack is now: a sentence for each time. */
  readonly judge: (before: Facts, after: Facts) => string[];
}

/** They need a stack's texts (record.ts) alone: no engine and no state. */
export const policies = {
  "keep-data": {
    about: "no volume that is protected, as a developer's data is, goes, is made anew or loses its protection",
    judge: (before, after) =>
      [...before].flatMap(([resource, facts]) => {
        if (!isA(resource, "volume") || facts.get("option protect")?.[0] !== "true") return [];
        const now = after.get(resource);
        const name = nameOf(resource);
        const fix =
          "Fix: keep it as it was, or let this pull request go without the policy keep-data where its data may go.";
        if (now === undefined) return [`the data volume ${name} would be deleted with all that is in it. ${fix}`];
        const own = [...facts].filter(([what]) => isOwn(what) && what !== "labels");
        const changed = own.find(([what, lines]) => String(now.get(what)) !== String(lines))?.[0];
        if (changed !== undefined) {
          return [
            `the data volume ${name} would be made anew, without what is in it, since its ${changed} changes. ${fix}`,
          ];
        }
        if (now.get("option protect")?.[0] !== "true")
          return [`the data volume ${name} would lose its protection. ${fix}`];
        return [];
      }),
  },
  "private-backends": {
    about: "no part publishes a port but the load balancer and those that the config has keys for",
    judge: (_, after) =>
      containers(after).flatMap(([resource, facts]) =>
        (facts.get("ports") ?? [])
          .filter((port) => !isMeantToBePublished(nameOf(resource), port))
          .map(
            (port) =>
              `${nameOf(resource)} publishes its port ${port.split(" → ")[1] ?? ""} at ${port.split(" → ")[0] ?? ""}, ` +
              "where others than the platform's services reach it. Fix: take it out of its ports in index.ts.",
          ),
      ),
  },
  "fixed-images": {
    about: "every image has a version or a digest, and none is called latest",
    judge: (_, after) =>
      containers(after).flatMap(([resource, facts]) => {
        const image = JSON.parse(facts.get("image")?.[0] ?? '""') as string;
        if (/@sha256:|:(?!latest$)[\w.-]+$/.test(image)) return [];
        return [`${nameOf(resource)} runs ${image}, which may be another image tomorrow. Fix: name its version.`];
      }),
  },
  "memory-limits": {
    about: "every container has a limit of memory",
    judge: (_, after) =>
      containers(after)
        .filter(([, facts]) => !(Number(facts.get("memory")?.[0]) > 0))
        .map(([resource]) => `${nameOf(resource)} may take all of the machine's memory. Fix: give it a memoryMib.`),
  },
} satisfies Record<string, Policy>;

/** What breaks policies in a stack, each a sentence that begins with the policy. */
export function brokenPolicies(names: readonly (keyof typeof policies)[], before: string, after: string): string[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  return names.flatMap((name) => policies[name].judge(was, is).map((sentence) => `${name}: ${sentence}`));
}

/** By part, the ports of its container that a config key publishes. */
const published: Readonly<Record<string, readonly string[]>> = {
  edge: ["80/tcp", "8181/tcp"],
  consul: ["53/udp", "8300/tcp", "8500/tcp"],
  rmq: ["15672/tcp"],
};

/** Services' ports are published under `mia:serviceAddress`: where Docker chooses them. */
function isMeantToBePublished(name: string, port: string): boolean {
  const [outside = "", inside = ""] = port.split(" → ");
  return (published[name]?.includes(inside) ?? false) || outside.endsWith(":undefined");
}

function containers(facts: Facts): [string, ReadonlyMap<string, readonly string[]>][] {
  return [...facts].filter(([resource]) => isA(resource, "container"));
}

function isA(resource: string, kind: string): boolean {
  return kindOf(resource.split("::")[0] ?? "") === kind;
}

function nameOf(resource: string): string {
  return resource.split("::")[1] ?? "";
}
