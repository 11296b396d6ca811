/**
 * What a backup does about what a part of the infrastructure holds. A part with a volume that says nothing has the volume's
 * files kept, while it is stopped for that.
 */
export type Backup = Dump | Derived;

/**
 * Its own commands write down what is in it, as it was at one moment, while it runs, and take that again. They are run in its
 * container, where its secrets are: none is in their words.
 */
export interface Dump {
  readonly kind: "dump";
  /** Says in a word what its dumps are made for: those of another kind are not taken. */
  readonly dialect: readonly string[];
  /** Writes these databases, all as they were at one moment, to its standard output, line by line. */
  readonly dump: (databases: readonly string[]) => readonly string[];
  /** Takes what was written on its standard input. */
  readonly restore: readonly string[];
  /** The database that the lines after this one are about; undefined for a line that says nothing of that. */
  readonly databaseAfter: (line: string) => string | undefined;
  /** What stands in the place of that line where they go into a database of this name. */
  readonly into: (database: string) => string;
  /** Makes an empty database of this name, in the place of the one that is there. */
  readonly anew: (database: string) => string;
}

/** Nothing is kept of it: it is made again of what others hold. */
export interface Derived {
  readonly kind: "derived";
  /** Of what, as the end of a sentence. */
  readonly from: string;
  /** Makes it forget what it has of data that is no more: run in its container after a restore. */
  readonly forget?: readonly string[];
}
