import * as pulumi from "@pulumi/pulumi";
import { buildCommand, ownImage, type OwnImage } from "../delivery/image.ts";
import { type Address, docker, dockerLines } from "./machine/docker.ts";
import type { Machine } from "./machine/machine.ts";

/** What an Image is made of. */
export interface ImageArgs {
  /** Its folder with a Dockerfile, relative to the project's. */
  context: string;
  /** What the Dockerfile's ARGs get: text, or another image of our own, which is then built first. */
  buildArgs: Readonly<Record<string, string | Image>>;
  machine: Machine;
}

/**
 * An image of our own. Its tag is a hash of its content, so a preview knows it before anything is built; an `up`
 * builds it, on the stack's own engine, only where no image of that name is.
 */
export class Image extends pulumi.ComponentResource {
  /** The image's name with its tag; in an `up`, known once the image is there. */
  readonly imageName: pulumi.Output<string>;

  private readonly image: OwnImage;

  constructor(name: string, { context, buildArgs, machine }: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const texts = Object.entries(buildArgs).map(([key, value]) => [
      key,
      value instanceof Image ? value.image.name : value,
    ]);
    const image = ownImage(pulumi.getProject(), name, context, Object.fromEntries(texts) as Record<string, string>);
    super("mia:platform:Image", name, { context, imageName: image.name }, opts);
    this.image = image;
    const before = Object.values(buildArgs).filter((value) => value instanceof Image);
    // Only once the engine is known to be the stack's own.
    this.imageName = pulumi.all([machine.engineId, ...before.map((base) => base.imageName)]).apply(async () => {
      await ensure(image, machine.address, this);
      return image.name;
    });
    this.registerOutputs({ imageName: this.imageName });
  }
}

async function ensure(image: OwnImage, address: Address, resource: pulumi.Resource): Promise<void> {
  if ((await docker(address, "image", "inspect", "--format", "{{.Id}}", image.name)).ok) return;
  if (pulumi.runtime.isDryRun()) {
    await pulumi.log.info(`${image.name} will be built from ${image.context}/`, resource);
    return;
  }
  await pulumi.log.info(`building ${image.name} from ${image.context}/`, resource);
  const built = await dockerLines(address, buildCommand(image), (line) => {
    // Shown beside the resource while it goes on, and gone afterwards.
    void pulumi.log.info(line, resource, undefined, true);
  });
  if (!built.ok) {
    const last = built.stdout.split("\n").slice(-20).join("\n");
    throw new pulumi.ResourceError(
      `${image.context}/ could not be built (${built.why}). Its last lines:\n${last}`,
      resource,
      true,
    );
  }
}
