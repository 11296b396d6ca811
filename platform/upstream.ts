import digests from "./catalogue/digests.json" with { type: "json" };

/** What a tag was when it was pinned, by the whole name of the image: a mirror may have other digests than upstream. */
const pinned: Readonly<Record<string, string>> = digests;

/** `@sha256:…` of an upstream image, after what goes before its name; nothing where none was pinned. */
export function digestSuffix(images: string, image: string): string {
  const digest = Object.hasOwn(pinned, `${images}${image}`) ? pinned[`${images}${image}`] : undefined;
  return digest === undefined ? "" : `@${digest}`;
}
