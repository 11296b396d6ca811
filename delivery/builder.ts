import { join } from "node:path";
import { type Address, docker, dockerLines } from "../components/machine/docker.ts";
import type { Registry } from "../platform/environment.ts";
import { gemCredentials } from "./bundler.ts";
import { type OwnImage, texts } from "./own-images.ts";
import { withPrivateFolder, writePrivate } from "./private-files.ts";
import { DeliveryError, isMissing, nowhere, refused } from "./refusal.ts";
import { loggedIn } from "./registry-login.ts";

/** Where images are to be. */
export interface Destination {
  /** The engine that builds them, and has them afterwards. */
  readonly engine: Address;
  /** The registry that is to have them too; none where left out. */
  readonly registry?: Registry | undefined;
  /** Whether the registry is asked for what the engine has, too. @default false */
  readonly asksAlways?: boolean;
}

/** Hears how it goes on. */
export interface Listener {
  /** Something is done with an image that takes a while. */
  begins(image: OwnImage, doing: "taking" | "building" | "pushing"): void;
  /** What docker says meanwhile. */
  says(image: OwnImage, line: string): void;
  /** It is where it is to be, and was there before or was not. */
  ends(image: OwnImage, how: "there" | "made"): void;
}

/**
 * Those of the images that the engine has not.
 * @throws DeliveryError where the engine does not say.
 */
export async function missingImages(images: readonly OwnImage[], engine: Address): Promise<OwnImage[]> {
  if (images.length === 0) return [];
  // Mostly all are there, and one question is enough.
  if ((await docker(engine, "image", "inspect", "--format", "{{.Id}}", ...images.map(({ name }) => name))).ok)
    return [];
  const there = await Promise.all(images.map((image) => isOn(engine, image)));
  return images.filter((_, i) => !there[i]);
}

/**
 * Makes sure that images are where they are to be. What the registry has is taken from there; what it has not is built, unless
 * the engine has it or it can only be taken, and pushed. Those that are not made of each other go side by side.
 * @throws DeliveryError that says all that went wrong, each once.
 */
export async function deliver(images: readonly OwnImage[], to: Destination, listener: Listener): Promise<void> {
  const { registry, asksAlways = false } = to;
  const wanted = registry !== undefined && asksAlways ? images : await missingImages(images, to.engine);
  const there = images.filter((one) => !wanted.includes(one));
  for (const image of there) listener.ends(image, "there");
  if (wanted.length === 0) return;
  await withPrivateFolder(async (folder) => {
    const engine = registry === undefined ? to.engine : await loggedIn(to.engine, registry, folder);
    const builder = new Builder({ ...to, engine }, folder, listener, there);
    const results = await Promise.allSettled(wanted.map((image) => builder.ensure(image)));
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
    const other = errors.find((error) => !(error instanceof DeliveryError));
    if (other !== undefined) throw other;
    if (errors.length > 0) throw new DeliveryError([...new Set(errors.map(({ message }) => message))].join("\n"));
  });
}

async function isOn(engine: Address, { name }: OwnImage): Promise<boolean> {
  const found = await docker(engine, "image", "inspect", "--format", "{{.Id}}", name);
  if (!found.ok && !/no such image/i.test(found.why)) {
    throw new DeliveryError(`The engine does not say whether it has ${name} (${found.why}): try again.`);
  }
  return found.ok;
}

/** Newer BuildKits warn of `FROM ${BASE}` without a default. Every build passes BASE as an argument. */
const quiet = ["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=InvalidDefaultArgInFrom"];

class Builder {
  private readonly to: Destination;
  private readonly listener: Listener;
  private readonly secrets: readonly string[];
  private readonly begun: Map<OwnImage, Promise<void>>;

  constructor(to: Destination, folder: string, listener: Listener, there: readonly OwnImage[]) {
    this.to = to;
    this.begun = new Map(there.map((image) => [image, Promise.resolve()]));
    this.listener = listener;
    const credentials = gemCredentials();
    if (credentials !== undefined) writePrivate(join(folder, "bundle"), credentials);
    this.secrets = credentials === undefined ? [] : ["--secret", `id=bundle,src=${join(folder, "bundle")}`];
  }

  /** Each image once, however many are made of it. */
  ensure(image: OwnImage): Promise<void> {
    const begun = this.begun.get(image) ?? this.make(image);
    this.begun.set(image, begun);
    return begun;
  }

  private async make(image: OwnImage): Promise<void> {
    const { engine, registry, asksAlways = false } = this.to;
    const local = await isOn(engine, image);
    const done = local && (registry === undefined || !asksAlways);
    if (done || (registry !== undefined && (await this.take(image, registry)))) {
      this.listener.ends(image, local ? "there" : "made");
      return;
    }
    if (!local && image.onlyTaken === true) throw new DeliveryError(nowhere(image, registry));
    if (!local) await this.build(image);
    if (registry !== undefined) await this.push(image, registry, !local);
    this.listener.ends(image, "made");
  }

  private async take(image: OwnImage, registry: Registry): Promise<boolean> {
    this.listener.begins(image, "taking");
    const pulled = await this.run(image, {}, "pull", image.name);
    if (!pulled.ok && !isMissing(pulled.why)) throw new DeliveryError(refused(registry, "give", pulled.why));
    return pulled.ok;
  }

  private async build(image: OwnImage): Promise<void> {
    const { name, context, buildArgs } = image;
    const bases = Object.values(buildArgs).filter((value) => typeof value !== "string");
    await Promise.all(bases.map((base) => this.ensure(base)));
    this.listener.begins(image, "building");
    const args = Object.entries(texts(buildArgs)).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
    const words = ["build", "--progress", "plain", "--tag", name, ...args, ...quiet, ...this.secrets, context];
    // The engine's own BuildKit, whichever builder is chosen otherwise: it alone has the images that this one is made of.
    const variables = { DOCKER_BUILDKIT: "1", BUILDX_BUILDER: "default", BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
    const built = await this.run(image, variables, ...words);
    if (built.ok) return;
    if (built.stdout.includes("buildx component is missing")) {
      throw new DeliveryError(
        "The docker command has no buildx, which builds images: install it (https://github.com/docker/buildx#installing), or let `npm run up` do it.",
      );
    }
    const last = built.stdout.split("\n").slice(-20).join("\n");
    throw new DeliveryError(`${context}/ could not be built (${built.why}). Its last lines:\n${last}`);
  }

  /** Pushes it. What could not be pushed is forgotten where this run has built it, so that the next one tries again. */
  private async push(image: OwnImage, registry: Registry, isNew: boolean): Promise<void> {
    this.listener.begins(image, "pushing");
    const pushed = await this.run(image, {}, "push", image.name);
    if (pushed.ok) return;
    if (isNew) await docker(this.to.engine, "rmi", "--no-prune", image.name);
    throw new DeliveryError(refused(registry, "take", pushed.why));
  }

  private run(image: OwnImage, variables: Record<string, string>, ...args: string[]) {
    const { engine } = this.to;
    return dockerLines({ ...engine, ...variables }, args, (line) => {
      this.listener.says(image, line);
    });
  }
}
