import type { Confinement } from "../confinement.ts";

/**
 * What all microservices, and all front ends, have in common: the article's common.yml. An entry of the catalogue adds to
 * it, and what both say the entry wins.
 */
export const common = {
  microservice: {
    base: "rails",
    /** The first tag: what templates choose by, and what makes it a route of the load balancer. */
    role: "backend",
    /** Where it answers in its container. */
    port: 3000,
    /** Where it says whether it can do its work. */
    checkPath: "/health",
    memoryMib: 512,
    readySeconds: 60,
  },
  frontend: { base: "static", role: "frontend", port: 80, checkPath: "/", memoryMib: 64, readySeconds: 30 },
} as const;

/** An image of our own that services run in, and how their code gets into it. */
export interface Base {
  /** Its folder with a Dockerfile. */
  readonly context: string;
  /** Where the code is in it: mounted while it is developed, else copied by the Dockerfile's ONBUILD lines. */
  readonly code: string;
  /** What says `development` or `production` to what runs in it; nothing where left out. */
  readonly modeVariable?: string;
  /** What it may do beyond the least; it runs as the owner of the code that is mounted, else as the image's user. @default nothing */
  readonly confinement?: Omit<Confinement, "user">;
  /** A volume that all that run in it share while code is mounted, where it is, and the file that says what belongs in it. */
  readonly shared?: { readonly volume: string; readonly path: string; readonly manifest: string };
}

/** The images that services can run in. */
export const bases = {
  /** Ruby with Rails, runit and consul-template. */
  rails: {
    context: "images/rails-microservice",
    code: "/web/service",
    modeVariable: "RAILS_ENV",
    // Where runit and what it runs keep their state, and consul-template writes.
    confinement: { scratch: ["/run/web"] },
    shared: { volume: "rubygems", path: "/web/rubygems", manifest: "Gemfile" },
  },
  /** Node with npm. */
  node: { context: "images/node-microservice", code: "/web/service", modeVariable: "NODE_ENV" },
  /** nginx that serves files. */
  static: { context: "images/frontend", code: "/web/client" },
} satisfies Record<string, Base>;
