/**
 * What a part may do in its container beyond the least: no capability of the kernel's, no way to gain any, not root, and a root
 * folder that can't be written to, with a /tmp in memory. An entry of the catalogue that asks for more says why.
 */
export interface Confinement {
  /** Who runs in it. @default the image's own user */
  readonly user?: string;
  /** Folders that it writes beside its volumes and /tmp: in memory, empty at each start. @default none */
  readonly scratch?: readonly string[];
  /** Why it runs as root, without root's capabilities. @default it doesn't */
  readonly root?: string;
  /** Why it may write into its own copy of the image, where its user may. @default it can't, unless it has files with secrets */
  readonly writable?: string;
}

/** Why a container with files that hold secrets is writable: Docker's copy into a container refuses any other. */
export const writableForSecrets = "its files with secrets are copied in when it is made, which a read-only one refuses";
