import * as pulumi from "@pulumi/pulumi";
import { deliver, type Destination, type Listener, missingImages } from "../delivery/builder.ts";
import { type OwnImage, ownImages, whatRuns } from "../delivery/own-images.ts";
import { DeliveryError, nowhere } from "../delivery/refusal.ts";
import type { Environment } from "../platform/environment.ts";
import type { Service } from "../platform/service.ts";
import type { Machine } from "./machine/machine.ts";

/** What Images are made of. */
export interface ImagesArgs {
  environment: Environment;
  machine: Machine;
  /** All that is to be delivered, by name. */
  services: Readonly<Record<string, Service>>;
}

/**
 * The images of our own. Each has a hash of its content as its tag, so a preview knows it before anything is built; an `up`
 * takes it from the registry, or builds it and puts it there, only where no image of that name is. A version that the config
 * names is not built where its folder holds another.
 */
export class Images extends pulumi.ComponentResource {
  /**
   * Settles when every image is on the stack's engine: to be awaited before anything that runs is declared, so that an `up`
   * which can't have all of them changes nothing. In a preview, at once.
   */
  readonly ready: Promise<void>;

  private readonly names: ReadonlyMap<string, string>;

  /** @throws RunError where a service has no folder to build from. */
  constructor(name: string, { environment, machine, services }: ImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    const images = ownImages(environment, services, machine.platform);
    const shown = whatRuns(images);
    super("mia:platform:Images", name, Object.fromEntries(shown.map((image) => [image.part, image.name])), opts);
    this.names = new Map(images.map((image) => [image.part, image.name]));
    const places = new Map<OwnImage, pulumi.Resource>(shown.map((image) => [image, new Image(image, this)]));
    const placeOf = (image: OwnImage) => places.get(image) ?? this;
    const to = { engine: machine.address, registry: environment.registry };
    this.ready = pulumi.runtime.isDryRun() ? announce(images, machine, to, placeOf) : make(images, to, placeOf);
    this.registerOutputs();
  }

  /** The name of a part's image, with its tag. */
  of(part: string): string {
    const image = this.names.get(part);
    if (image === undefined) throw new Error(`there is no image for ${part}`);
    return image;
  }
}

/** One of them: what is shown of it. */
class Image extends pulumi.ComponentResource {
  constructor({ part, context, name }: OwnImage, parent: Images) {
    super("mia:platform:Image", part, { context, imageName: name }, { parent });
    this.registerOutputs();
  }
}

async function announce(
  images: readonly OwnImage[],
  { answers, isNew }: Machine,
  to: Destination,
  placeOf: (image: OwnImage) => pulumi.Resource,
): Promise<void> {
  if (!answers && !isNew) return;
  const missing = isNew ? images : await missingImages(images, to.engine).catch(cleanly);
  const lost = to.registry === undefined ? missing.filter(({ onlyTaken }) => onlyTaken) : [];
  if (lost.length > 0) throw new pulumi.RunError(lost.map((image) => nowhere(image, undefined)).join("\n"));
  for (const image of missing) {
    const taken = to.registry === undefined ? [] : [`taken from ${to.registry.address}`];
    const built = image.onlyTaken === true ? [] : [`built from ${image.context}/`];
    await pulumi.log.info(`${image.name} will be ${[...taken, ...built].join(", or ")}`, placeOf(image));
  }
}

async function make(
  images: readonly OwnImage[],
  to: Destination,
  placeOf: (image: OwnImage) => pulumi.Resource,
): Promise<void> {
  const listener: Listener = {
    begins: (image, doing) => void pulumi.log.info(`${doing} ${image.name}`, placeOf(image)),
    // Shown beside the image while it goes on, and gone afterwards.
    says: (image, line) => void pulumi.log.info(line, placeOf(image), undefined, true),
    ends: () => undefined,
  };
  await deliver(images, to, listener).catch(cleanly);
}

/** In one clean sentence where it is a user's. */
function cleanly(error: Error): never {
  throw error instanceof DeliveryError ? new pulumi.RunError(error.message) : error;
}
