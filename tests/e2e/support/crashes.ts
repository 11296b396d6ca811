import type { Process } from "./processes.ts";
import { generator, seed, shuffled } from "./random.ts";

/** Who is killed: a process of the command's, or the engine below it. */
export const victims = {
  CLI: ({ commandLine }: Process) => /(^|\/)pulumi\0(up|destroy)\0/.test(commandLine),
  plugin: ({ commandLine }: Process) => commandLine.includes("pulumi-resource-docker"),
  "language host": ({ commandLine }: Process) => /(^|\/)(pulumi-)?language-nodejs\0/.test(commandLine),
  program: ({ commandLine }: Process) => commandLine.includes("@pulumi/pulumi/cmd/run"),
  engine: undefined,
} as const;
export type Victim = keyof typeof victims;

/** Where a command is when that happens. */
interface Moment {
  readonly command: "up" | "destroy";
  /** From nothing but the data, or a change of one service where all runs. */
  readonly from: "nothing" | "a change" | "all";
  /** What it has said by then, or how many seconds it has run. */
  readonly at: RegExp | number;
}

export const moments = {
  "while images are pulled": { command: "up", from: "nothing", at: /RemoteImage db creating/ },
  "while containers are created": { command: "up", from: "nothing", at: /Container \S+ creating/ },
  "in the gate": { command: "up", from: "a change", at: /not in the load balancer yet/ },
  "in the sweep": { command: "up", from: "a change", at: /is not needed any more/ },
  "before anything is deleted": { command: "destroy", from: "all", at: /Destroying/ },
  "while it deletes": { command: "destroy", from: "all", at: /Container \S+ deleting/ },
} satisfies Record<string, Moment>;

export interface Crash extends Moment {
  readonly victim: Victim;
  readonly when: string;
  /** Whether it is `npm run up` or plain `pulumi up` that is killed and tried again. */
  readonly by: "npm" | "pulumi";
}

/** About how long each takes. */
const lengths = { nothing: 25, "a change": 15, all: 15 };
const randomOnes = 20;

/**
 * Returns the crashes that follow each other. A plain run kills the program and the engine once, at
 * different moments; a long run kills each victim at every moment, and twenty at random ones.
 */
export function crashes(): { seed: number; chain: Crash[] } {
  const decided = seed(885);
  const random = generator(decided);
  const by = () => (random() < 0.5 ? "npm" : "pulumi");
  const matrix = Object.entries(moments).flatMap(([when, moment]) =>
    (Object.keys(victims) as Victim[])
      // A destroy runs no program.
      .filter((victim) => moment.command === "up" || !["language host", "program"].includes(victim))
      .map((victim) => ({ ...moment, victim, when })),
  );
  const all = shuffled(matrix, random).map((one) => ({ ...one, by: by() }) as const);
  if (!process.env["MIA_LONG"]) return { seed: decided, chain: few(all) };
  const any = shuffled(matrix, random)
    .slice(0, randomOnes)
    .map((one): Crash => {
      const at = random() * lengths[one.from];
      return { ...one, at, when: `${at.toFixed(1)} s after its beginning`, by: by() };
    });
  return { seed: decided, chain: [...all, ...any] };
}

/**
 * Returns the crashes of `npm test`: of the program after `npm run down`, and of the engine where the platform runs.
 * zero-downtime.test.ts kills the CLI; the long suite kills all victims.
 */
function few(all: readonly Crash[]): Crash[] {
  const program = all.find(({ victim, from }) => victim === "program" && from === "nothing");
  const engine = all.find(({ victim, from }) => victim === "engine" && from !== "nothing");
  return [program, engine].filter((one) => one !== undefined);
}
