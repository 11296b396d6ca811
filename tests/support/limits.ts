/**
 * Upper bounds of the end-to-end tests, in seconds. A test polls a state until it is right and fails only after its bound,
 * so no bound makes a test that passes slower.
 */
export const within = {
  /** nginx's workers of before a reload end. */
  reload: 2,
  /** An edited file is in use. */
  edit: 5,
  /** A change in Consul, Docker or nginx can be seen. */
  change: 10,
  /** A dependency that went away shows in the health of those that use it. */
  outage: 15,
  /** A part that lost something has noticed. */
  reaction: 20,
  /** A part that was killed or started again does its work. */
  recovery: 30,
  /** A part that was created does its work, or the whole platform is back. */
  start: 60,
  /** Hundreds of services are registered and routed. */
  hundreds: 90,
  /** An engine or a computer is back. */
  boot: 120,
  /** A command that is under way has come to the awaited line. */
  command: 180,
  /** A QA run has come to the awaited stage. */
  stage: 240,
  /** Pulumi's plugins notice every five minutes whether their CLI has ended. */
  orphans: 330,
  /** Another file gives back what a computer has only once, such as VirtualBox's network. */
  turn: 1800,
} as const;

/** Pauses between two looks at a state, in seconds. */
export const every = {
  /** The state of a whole platform. */
  survey: 0.2,
  /** What costs next to nothing: counts, processes. */
  look: 0.05,
  /** What a command that has ended said last. */
  output: 0.1,
  /** A stack's secrets, by a command of Pulumi. */
  secrets: 2,
} as const;

/** The time after which a test that hangs is ended, in seconds. */
export const hung = { test: 900, chain: 1800 } as const;

/** How long a command may take before it is killed, in seconds. */
export const commandSeconds = { usual: 300, up: 600, setUp: 900 } as const;
