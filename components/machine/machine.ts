import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Declared, type Place, registryHost } from "../../platform/environment.ts";
import { ConfigError } from "../../platform/problem.ts";
import { knownValueOf, valueOf } from "../value.ts";
import type { Address } from "./docker.ts";
import type { Engine } from "./engine.ts";
import { lostVolumes, type Volume, volumesOf } from "./lost-volumes.ts";
import { freePort, refuseUnavailable } from "./ports.ts";
import { type Kind, type Name, type Named, named, takenNames } from "./taken-names.ts";
import { list, type Listing, namesOf, type There } from "./there.ts";

/** What a Machine is made of. */
export interface MachineArgs<P extends Place> {
  /** As the stack's config says it. */
  environment: Declared<P>;
  /** The engine that answers now. */
  engine: Engine;
}

/** The machine: the Docker engine that runs a stack, the same from its first `up` to its `destroy`. */
export class Machine<P extends Place = Place> extends pulumi.ComponentResource {
  /** The id of the engine that the stack lives on. */
  readonly engineId: pulumi.Output<string>;
  /**
   * The environment as it is here, its free ports and its address chosen. To be awaited before anything is declared: it
   * rejects, with a RunError, where the stack lives on another engine, an address is not this machine's or a port is taken.
   */
  readonly environment: Promise<P>;
  /** What tells this stack from any other of its name that another state knows: a label of all that it creates. */
  readonly stackId: pulumi.Output<string>;
  /** How the docker command reaches that engine. */
  readonly address: Address;
  /** The same for a shell command, as its environment. */
  readonly commandEnvironment: Readonly<Record<string, pulumi.Output<string>>>;
  /** What there is to know of it: its engine's address, and what its driver adds. */
  readonly facts: pulumi.Output<Readonly<Record<string, string>>>;
  /** What images run on here: `linux/x86_64`. */
  readonly platform: string;
  /** The engine's socket, as the machine's containers can mount it. */
  readonly socket: string;
  /** Whether it can be asked: not in a preview of one that is still to be made or started. */
  readonly answers: boolean;
  /** Whether it is still to be made: it has nothing yet. */
  readonly isNew: boolean;

  private readonly engine: Engine;
  private readonly declared: Declared<P>;
  private readonly first: random.RandomUuid;
  private readonly accepted: Promise<void>;
  private readonly held: Name[] = [];
  private listing: Listing;
  private place: (() => docker.Provider) | undefined;
  private made: docker.Provider | undefined;

  constructor(name: string, { environment, engine }: MachineArgs<P>, opts?: pulumi.ComponentResourceOptions) {
    const { platform } = environment;
    super("mia:platform:Machine", name, { platform }, opts);
    this.engine = engine;
    this.declared = environment;
    this.address = engine.address;
    this.commandEnvironment = Object.fromEntries(
      Object.entries(engine.address).map(([variable, value]) => [variable, known(engine, value)]),
    );
    this.socket = engine.socket;
    this.platform = engine.platform;
    this.answers = engine.asleep !== true;
    this.isNew = engine.id === "";
    this.listing = this.answers ? (engine.listing ?? list(engine.address)) : nothing;
    this.facts = known<Readonly<Record<string, string>>>(engine, {
      engineUrl: engine.host,
      ...certificatePath(engine),
      ...engine.facts,
    });

    // The state's memory of its engine: what was written at the first `up` is kept, whatever is there now.
    const first = new random.RandomUuid(
      `${name}-engine`,
      { keepers: { engineId: known(engine, engine.id), host: known(engine, engine.host), ...machineKeeper(engine) } },
      { parent: this, ignoreChanges: ["keepers.engineId", "keepers.host"] },
    );
    this.first = first;
    this.stackId = first.result;
    this.engineId = first.keepers.apply((kept) => kept?.["engineId"] ?? engine.id);
    this.accepted = this.accept(first);
    this.environment = this.choosePlace(name);
  }

  /**
   * Registers the outputs only once the engine is accepted: commands look for the stack at the
   * address in its state. The SDK calls this inside `super()`, before the fields exist; hence the
   * first await. Its own `registerOutputs()` afterwards does nothing.
   */
  protected override async initialize(): Promise<void> {
    await setImmediate();
    await new Promise<void>((done) => {
      // A rejection ends the program where `environment` is awaited; the outputs stay as they were.
      this.accepted.then(done, () => undefined);
    });
    this.registerOutputs({
      engineId: this.engineId,
      host: known(this.engine, this.engine.host),
      address: this.commandEnvironment,
    });
  }

  /** The options of every component on this machine: there once `environment` is. */
  get placement(): pulumi.ComponentResourceOptions {
    if (this.place === undefined) throw new Error("the machine's environment was not awaited");
    this.made ??= this.place();
    const { deletedWith } = this.engine;
    return { providers: [this.made], ...(deletedWith === undefined ? {} : { deletedWith }) };
  }

  /**
   * Declares something of a fixed name. Once the program has declared all that it does, a name that something else has ends it
   * before anything on the machine is touched; so does a volume of the stack's that it has not declared, unless the config
   * says that it may go.
   */
  holds(kind: Kind, name: string): void {
    this.held.push({ kind, name });
  }

  /** Its containers, as they were a moment ago: who asks then is answered together with others. None where it can't be asked. */
  lately(): Promise<There> {
    if (this.answers && Date.now() - this.listing.at > momentMs) this.listing = list(this.address);
    return this.listing.there;
  }

  /** Where a port that the machine publishes is reached from this computer. */
  url(port: number): pulumi.Output<string> {
    const { publishAddress } = this.declared;
    const host = ["", "0.0.0.0"].includes(publishAddress) ? this.engine.reachedAt : publishAddress;
    return known(this.engine, port === 80 ? `http://${host}` : `http://${host}:${String(port)}`);
  }

  /** A folder of this computer, as a container on the machine can mount it. */
  folder(path: string): string {
    return this.engine.folder?.(path) ?? path;
  }

  /** Whose a folder of this computer is, for a container that mounts it: `1000:1000`. */
  ownerOf(path: string): string {
    const { uid, gid } = statSync(path);
    // There, root is who runs the engine.
    return this.engine.rootless === true ? "0:0" : `${String(uid)}:${String(gid)}`;
  }

  /** @throws RunError where the stack lives on another engine. */
  private async accept(first: random.RandomUuid): Promise<void> {
    // Of one that can't be asked, neither is known.
    if (this.answers) refuseAnother(this.declared.platform, this.engine, await valueOf(first.keepers));
  }

  private async choosePlace(name: string): Promise<P> {
    const { engine, declared } = this;
    const names = this.namesThere();
    await this.accepted;
    const here = {
      ...declared,
      publishAddress: declared.publishAddress || (engine.reachedAt === "127.0.0.1" ? "127.0.0.1" : "0.0.0.0"),
    };
    const there = await this.lately();
    if (there.why !== "") throw new pulumi.RunError(`The engine does not say what is on it (${there.why}): try again.`);
    const placed = { ...here, ports: await this.choosePorts(name, here, there) };
    await refuseUnavailable(placed, engine, there);
    // Not before: the state would have it by another engine.
    this.place = () => provider(name, engine, declared, this, this.harmsNothing(names));
    return placed as unknown as P;
  }

  /**
   * Comes once the program has declared all that it does, and never where a volume would be lost or a name is taken: then the
   * program ends. A preview, which touches nothing, ends then as well, but need not wait before it begins.
   */
  private harmsNothing(names: Promise<Names>): pulumi.Output<unknown> {
    const refusal = (async () => {
      await setImmediate();
      const { stackId, all, volumes } = await names;
      const named = [...all, ...namesOf(await this.lately())];
      const problems = [
        ...(mayBeMadeAnew(this.engine) ? [] : takenNames(this.declared, this.held, named, stackId)),
        ...(stackId === undefined ? [] : lostVolumes(this.declared, volumes, stackId, this.held)),
      ];
      if (problems.length > 0) throw new pulumi.RunError(new ConfigError(problems).message);
    })();
    if (pulumi.runtime.isDryRun()) return pulumi.output(true);
    return pulumi.output(
      new Promise<true>((done) => {
        // Rejected, it ends the program in its own words, and not in those of all that wait for it.
        void refusal.then(() => {
          done(true);
        });
      }),
    );
  }

  /** The names that its engine has: asked for while the program goes on to declare. */
  private namesThere(): Promise<Names> {
    const names = this.askNames();
    // Who waits for it says what is wrong.
    names.catch(() => undefined);
    return names;
  }

  private async askNames(): Promise<Names> {
    const { address } = this;
    if (!this.answers || this.isNew) return { stackId: undefined, all: [], volumes: [] };
    const [networks, volumes, stackId] = await Promise.all([
      named("network", address),
      named("volume", address),
      this.knownStackId(),
    ]);
    const own = stackId === undefined ? [] : await volumesOf(address, volumes, stackId);
    return { stackId, all: [...networks, ...volumes], volumes: own };
  }

  private knownStackId(): Promise<string | undefined> {
    const { result } = this.first;
    return pulumi.runtime.isDryRun() ? knownValueOf(result, this.first) : valueOf(result);
  }

  /** The ports, with those that are to be free: the state remembers what was free at the first `up`. */
  private async choosePorts(name: string, place: Declared<Place>, there: There): Promise<Record<string, number>> {
    const ports: Record<string, number | "free"> = { ...place.ports };
    const chosen: Record<string, number> = {};
    for (const [port, wanted] of Object.entries(ports)) {
      if (wanted !== "free") {
        chosen[port] = wanted;
        continue;
      }
      const free = await freePort(port, { ...place, ports: { ...ports, ...chosen } }, this.engine, there);
      const remembered = new random.RandomInteger(
        `${name}-${port}-port`,
        { min: free, max: free },
        { parent: this, ignoreChanges: ["min", "max"] },
      );
      chosen[port] = await valueOf(remembered.min);
    }
    return chosen;
  }
}

/** What an engine has before the program touches it; the id is not known in the preview of a stack's first `up`. */
interface Names {
  readonly stackId: string | undefined;
  readonly all: readonly Named[];
  readonly volumes: readonly Volume[];
}

const momentMs = 2000;
const nothing: Listing = { there: Promise.resolve({ containers: [], why: "" }), at: 0 };

/** Something of an engine, which nobody can know in a preview of one that is still to be made. */
function known<T>({ made }: Engine, value: T): pulumi.Output<T> {
  const after: pulumi.Output<unknown> = pulumi.output(made);
  return after.apply<T>(() => value);
}

/** Another machine of the same name is another place: all that bears the state's label is made anew there. */
function machineKeeper({ machineId }: Engine): Record<string, string> {
  return machineId === undefined ? {} : { machineId };
}

/**
 * Whether a computer may count as another machine and still have what the stack has made there, under its id of before:
 * docker-machine may forget one that it does not own.
 */
function mayBeMadeAnew({ machineId, deletedWith }: Engine): boolean {
  return machineId !== undefined && deletedWith === undefined;
}

function certificatePath({ certificates }: Engine): Record<string, string> {
  return certificates === undefined ? {} : { certificatePath: certificates };
}

function provider(
  name: string,
  engine: Engine,
  place: Pick<Place, "registry">,
  parent: pulumi.Resource,
  allowed: pulumi.Output<unknown>,
): docker.Provider {
  // Where the shell's own engine is another, what it says for that would be in the way.
  const alone = "DOCKER_CERT_PATH" in engine.address ? { context: "", certPath: "" } : {};
  // Of a provider that is not known a preview could not tell what is replaced: there it is one that nobody talks to.
  const reach =
    engine.id === ""
      ? { host: "tcp://not.made.yet:2376", disableDockerDaemonCheck: true }
      : { host: allowed.apply(() => known(engine, engine.host)), ...certificateMaterial(engine) };
  return new docker.Provider(`${name}-docker`, { ...reach, ...alone, ...registryAuth(place) }, { parent });
}

/** The certificates themselves, so that a state is enough to reach the engine. */
function certificateMaterial(engine: Engine): docker.ProviderArgs {
  const { certificates } = engine;
  if (certificates === undefined) return {};
  const pem = (file: string) =>
    pulumi
      .secret(known(engine, join(certificates, file)))
      .apply((path) => (existsSync(path) ? readFileSync(path, "utf8") : ""));
  return { caMaterial: pem("ca.pem"), certMaterial: pem("cert.pem"), keyMaterial: pem("key.pem") };
}

/** For upstream images that are taken from the registry too. */
function registryAuth({ registry }: Pick<Place, "registry">): docker.ProviderArgs {
  if (registry?.login === undefined) return {};
  const { user, password } = registry.login;
  return {
    registryAuth: [{ address: registryHost(registry.address), username: user, password: pulumi.secret(password) }],
  };
}

function refuseAnother(platform: string, engine: Engine, kept: Readonly<Record<string, string>> | undefined): void {
  const id = kept?.["engineId"] ?? engine.id;
  if (id === engine.id) return;
  throw new pulumi.RunError(
    `${platform} lives on the Docker engine ${id} (${kept?.["host"] ?? "unknown"}), but ${engine.host} is the engine ${engine.id}: ` +
      `${engine.choice} the former, or destroy the stack there first; if that engine is gone for good, \`pulumi stack rm --force\` forgets it.`,
  );
}
