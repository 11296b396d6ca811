import images from "./images.json" with { type: "json" };

/** How a container shows that it can do its work. Durations are written as Go writes them back: `2s`, `1m30s`. */
export interface HealthCheck {
  /** As Docker's: `CMD` and arguments, or `CMD-SHELL` and one line. */
  readonly tests: readonly string[];
  readonly interval: string;
  readonly timeout: string;
  /** Failures in this time after the start don't count. */
  readonly startPeriod: string;
  readonly retries: number;
}

/** What a part of the infrastructure is, wherever it runs. */
export interface Infrastructure {
  /** The upstream image, pinned; `mia:images` goes before it. */
  readonly image: string;
  /** What the container runs; the image's own where left out. */
  readonly command?: readonly string[];
  /** Where its data is, in a volume of its own. */
  readonly data: string;
  readonly healthCheck: HealthCheck;
  readonly memoryMib: number;
  /** How long it may take to end in good order, in seconds. */
  readonly stopSeconds: number;
  /** How long it may take from its start to healthy, in seconds. */
  readonly readySeconds: number;
}

/** Service discovery: one server, with its UI. */
export const consul = {
  image: images.consul,
  command: [
    "agent",
    "-server",
    "-bootstrap-expect=1",
    "-ui",
    "-client=0.0.0.0",
    // One server needs no patience with the others: a leader in 1.6 s, not in 7 to 11.
    "-hcl=performance { raft_multiplier = 1 }",
    "-log-level=warn",
  ],
  data: "/consul/data",
  healthCheck: {
    tests: ["CMD-SHELL", "wget -qO- http://127.0.0.1:8500/v1/status/leader | grep -q :"],
    interval: "2s",
    timeout: "2s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 256,
  stopSeconds: 10,
  readySeconds: 60,
} satisfies Infrastructure;

/** The front door: nginx, whose configuration consul-template writes as services come and go. Built from `lb/`. */
export const loadBalancer = {
  context: "lb",
  healthCheck: {
    tests: ["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8181/health"],
    interval: "2s",
    timeout: "2s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 256,
  stopSeconds: 15,
  readySeconds: 60,
};
