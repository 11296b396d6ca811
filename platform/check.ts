import { configPath, shellWord } from "./config-path.ts";
import { type Declared, type Environment, portAfter } from "./environment.ts";
import { canMount, isSecretFlag, keysOfFlags } from "./machine.ts";
import { ConfigError, type Problem, shown } from "./problem.ts";
import type { Service } from "./service.ts";

/**
 * The rules that no single value can break alone. Pure: runs before any resource, and in tests without an engine.
 * @throws ConfigError that names all problems at once.
 */
export function checkPlatform(environment: Declared<Environment>, services: Readonly<Record<string, Service>>): void {
  const problems = [
    ...mountsElsewhere(environment),
    ...flagsOfOthers(environment),
    ...portsPublishedTwice(environment),
    ...selectionOfNothing(environment, services),
    ...ofNothing("replicas", environment, services),
    ...ofNothing("versions", environment, services),
    ...versionsOfWhatIsMounted(environment),
    ...replicasNamedAsServices(environment, services),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function mountsElsewhere({ source, kind, delivery, machine }: Declared<Environment>): Problem[] {
  if (delivery !== "mounted" || canMount(machine)) return [];
  const which = machine.driver === "docker-machine" ? `docker-machine's driver ${machine.machineDriver}` : "driver ssh";
  return [
    {
      where: `${source}: mia:kind`,
      got: `${kind}, which mounts folders of this computer, and a machine of ${which} has none of them`,
      need: "need qa",
      fix: "pulumi config set mia:kind qa",
    },
  ];
}

/** What virtualbox alone has keys for, what a key says already, and what everybody would see. */
function flagsOfOthers({ source, machine }: Declared<Environment>): Problem[] {
  if (machine.driver !== "docker-machine") return [];
  const { machineDriver, options } = machine;
  const where = (key: string) => `${source}: mia:machine.${key}`;
  const fix = (key: string) => `pulumi config rm --path mia:machine.${key}`;
  const sizes = (["memoryMib", "diskMib", "cpus"] as const).filter(
    (key) => machineDriver !== "virtualbox" && machine[key] !== undefined,
  );
  return [
    ...sizes.map((key) => ({
      where: where(key),
      got: `a key that docker-machine's driver ${machineDriver} has not`,
      need: "need its own flag in mia:machine.options",
      fix: fix(key),
    })),
    ...Object.keys(options).flatMap((name): Problem[] => {
      const key = keysOfFlags[name];
      if (key !== undefined) {
        return [
          {
            where: where(`options.${name}`),
            got: "a flag",
            need: `need mia:machine.${key}`,
            fix: fix(`options.${name}`),
          },
        ];
      }
      if (!isSecretFlag(name)) return [];
      return [
        {
          where: where(`options.${name}`),
          got: "a flag, which every process list shows",
          need: "need its environment variable in mia:machine.secrets",
          fix: fix(`options.${name}`),
        },
      ];
    }),
  ];
}

/** What is said by service of one that there is not. */
function ofNothing(
  key: "replicas" | "versions",
  { source, ...environment }: Declared<Environment>,
  services: Readonly<Record<string, Service>>,
): Problem[] {
  return Object.keys(environment[key])
    .filter((name) => !Object.hasOwn(services, name))
    .map((name) => ({
      where: `${source}: ${configPath("mia", [key, name])}`,
      got: "a service that does not exist",
      need: `need ${Object.keys(services).sort().join(", ")}`,
      fix: `pulumi config rm --path ${shellWord(configPath("mia", [key, name]))}`,
    }));
}

/** A service to run that the catalogue does not have. */
function selectionOfNothing(
  { source, services: names }: Declared<Environment>,
  services: Readonly<Record<string, Service>>,
): Problem[] {
  return names.flatMap((name, i) => {
    if (Object.hasOwn(services, name)) return [];
    const key = configPath("mia", ["services", i]);
    return [
      {
        where: `${source}: ${key}`,
        got: `${shown(name)}, a service that does not exist`,
        need: `need one of ${Object.keys(services).sort().join(", ")}`,
        fix: `pulumi config rm --path ${shellWord(key)}`,
      },
    ];
  });
}

/** A service whose folder is mounted has no image of its own. */
function versionsOfWhatIsMounted({ source, kind, delivery, versions }: Declared<Environment>): Problem[] {
  if (delivery !== "mounted" || Object.keys(versions).length === 0) return [];
  return [
    {
      where: `${source}: mia:versions`,
      got: Object.keys(versions).sort().join(", "),
      need: `need none, since the kind ${kind} runs the folders as they are`,
      fix: "pulumi config rm mia:versions",
    },
  ];
}

/** The second instance of `user` is `user-2`. */
function replicasNamedAsServices(
  { replicas }: Declared<Environment>,
  services: Readonly<Record<string, Service>>,
): Problem[] {
  return Object.keys(services).flatMap((name) => {
    const [, of = "", number] = /^(.+)-(\d+)$/.exec(name) ?? [];
    if (Number(number) < 2 || !(Number(number) <= (replicas[of] ?? 1))) return [];
    return [
      {
        where: `platform/catalogue: ${name}`,
        got: `the name of an instance of ${of}`,
        need: "need another name",
        fix: `rename it, or pulumi config set --path mia:replicas.${of} ${String(Number(number) - 1)}`,
      },
    ];
  });
}

function portsPublishedTwice({ source, ports }: Declared<Environment>): Problem[] {
  const takenBy = new Map<number, string>();
  const problems: Problem[] = [];
  for (const [name, port] of Object.entries(ports)) {
    if (port === 0 || port === "free") continue;
    const other = takenBy.get(port);
    if (other === undefined) takenBy.set(port, name);
    else {
      problems.push({
        where: `${source}: mia:${name}Port`,
        got: `${String(port)}, which is mia:${other}Port too`,
        need: "need a port of its own",
        fix: `pulumi config set mia:${name}Port ${String(portAfter(port))}`,
      });
    }
  }
  return problems;
}
