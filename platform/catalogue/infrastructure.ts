import type { Backup } from "../backup.ts";
import type { Confinement } from "../confinement.ts";
import { databaseDump } from "../database.ts";
import images from "./images.json" with { type: "json" };

/** How a container shows that it can do its work. Durations are written as Go writes them back: `2s`, `1m30s`. */
export interface HealthCheck {
  /** As Docker's: `CMD` and arguments, or `CMD-SHELL` and one line. */
  readonly tests: readonly string[];
  /**
   * The pause between two checks of a container that is healthy. Each costs the engine a process in the container, a tenth of
   * a CPU second. One that starts is checked every 5 s, by engines from 25 on.
   */
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
  readonly environment?: Readonly<Record<string, string>>;
  /** The port at which services find it, named in the variables of a link; none where it is for no service. */
  readonly port?: number;
  /** Its volume, and where that is in the container; none where left out. */
  readonly data?: { readonly volume: string; readonly path: string };
  /** What a backup does about what it holds. @default the files of its volume, where it has one */
  readonly backup?: Backup;
  /** Where it gets the engine's socket, which makes it as mighty as root on the machine; nowhere where left out. */
  readonly dockerSocket?: string;
  /** What it may do beyond the least. @default nothing */
  readonly confinement?: Confinement;
  /** Left out where the image has nothing to check with: then it is well while it runs. */
  readonly healthCheck?: HealthCheck;
  readonly memoryMib: number;
  /** How long it may take to end in good order, in seconds. */
  readonly stopSeconds: number;
  /** How long it may take from its start to healthy, in seconds. */
  readonly readySeconds: number;
}

/** Service discovery: one server, with its UI. */
export const consul = {
  image: images.consul,
  port: 8500,
  command: [
    "agent",
    "-server",
    "-bootstrap-expect=1",
    "-ui",
    "-client=0.0.0.0",
    "-dns-port=53",
    // One server needs no patience with the others: a leader in 1.6 s, not in 7 to 11.
    "-hcl=performance { raft_multiplier = 1 }",
    // It would ask itself for news by the address that it tells others, and answer 503 where its port is another there.
    "-hcl=use_streaming_backend = false",
    // Each load balancer asks for each service all the time, on a connection of its own; by itself it lets 200 of one client in.
    "-hcl=limits { http_max_conns_per_client = 5000 }",
    "-log-level=warn",
  ],
  // Its entrypoint starts as root to give folders to this user, unless it is told not to.
  environment: { CONSUL_DISABLE_PERM_MGMT: "true" },
  confinement: { user: "consul" },
  data: { volume: "consul-data", path: "/consul/data" },
  backup: { kind: "derived", from: "what runs, which Registrator tells it" },
  healthCheck: {
    tests: ["CMD-SHELL", "wget -qO- http://127.0.0.1:8500/v1/status/leader | grep -q :"],
    interval: "15s",
    timeout: "2s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 256,
  stopSeconds: 10,
  readySeconds: 60,
} satisfies Infrastructure;

/** Tells Consul of every container with `SERVICE_*` variables that comes or goes. What it runs depends on the environment. */
export const registrator = {
  image: images.registrator,
  dockerSocket: "/tmp/docker.sock",
  confinement: { root: "the engine's socket is root's, and whoever may write to that is root on the machine anyway" },
  memoryMib: 64,
  stopSeconds: 5,
  readySeconds: 30,
} satisfies Infrastructure;

/** Where the database's own client finds root's password: what is in a process's environment or command line others see. */
const rootOptions = "/run/secrets/root.cnf";

/**
 * The database: MySQL 8.4, or MariaDB where images are built from Debian packages, which has no MySQL. Services use what
 * both speak.
 */
export const db = {
  image: images.db,
  rootOptions,
  port: 3306,
  environment: { MYSQL_ROOT_PASSWORD_FILE: "/run/secrets/root-password" },
  data: { volume: "data", path: "/var/lib/mysql" },
  confinement: { user: "mysql" },
  backup: databaseDump(rootOptions),
  healthCheck: {
    // Over TCP: the image's first start has a server without, which is not the one to wait for.
    tests: [
      "CMD-SHELL",
      `mysql --defaults-extra-file=${rootOptions} --host=127.0.0.1 --connect-timeout=2 --execute='SELECT 1' > /dev/null`,
    ],
    interval: "15s",
    timeout: "3s",
    startPeriod: "1m0s",
    retries: 3,
  },
  memoryMib: 1024,
  stopSeconds: 30,
  readySeconds: 120,
} satisfies Infrastructure & { rootOptions: string };

/** The cache that services share: what is in it may be gone at any time. */
export const memcache = {
  image: images.memcache,
  port: 11211,
  backup: {
    kind: "derived",
    from: "what services ask of it",
    forget: [
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/11211 && printf 'flush_all\\r\\n' >&3 && read -r -t 2 said <&3 && [[ $said == OK* ]]",
    ],
  },
  healthCheck: {
    // The image has nothing to ask with but bash.
    tests: [
      "CMD",
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/11211 && printf 'version\\r\\n' >&3 && read -r -t 2 said <&3 && [[ $said == VERSION* ]]",
    ],
    interval: "15s",
    timeout: "3s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 128,
  stopSeconds: 5,
  readySeconds: 60,
} satisfies Infrastructure;

/** The message broker, with its management. Its data belongs to its host name, and goes with its container. */
export const rmq = {
  image: images.rmq,
  confinement: { user: "rabbitmq" },
  port: 5672,
  backup: {
    kind: "derived",
    from: "the services' tables of events, where each stays for a time after it was sent",
    // What is under way tells of what is no more; who consumes makes its queue again.
    forget: [
      "sh",
      "-c",
      "queues=$(rabbitmqctl --quiet --no-table-headers list_queues name) || exit; for queue in $queues; do rabbitmqctl --quiet delete_queue $queue || exit; done",
    ],
  },
  healthCheck: {
    // The server's first frame in AMQP; RabbitMQ's own commands would each start an Erlang of their own.
    tests: [
      "CMD",
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/5672 && printf 'AMQP\\0\\0\\11\\1' >&3 && IFS= read -r -d '' -N 1 -t 2 frame <&3 && [[ $frame == $'\\1' ]]",
    ],
    interval: "15s",
    timeout: "3s",
    startPeriod: "1m0s",
    retries: 3,
  },
  memoryMib: 512,
  stopSeconds: 20,
  readySeconds: 120,
} satisfies Infrastructure;

/** The search engine: OpenSearch, which speaks as the Elasticsearch that it descends from. */
export const elastic = {
  image: images.elastic,
  confinement: { writable: "it keeps its index, keystore and logs beside its programs" },
  environment: {
    "discovery.type": "single-node",
    // Reached from the platform's own network alone, without accounts.
    DISABLE_SECURITY_PLUGIN: "true",
    // The quick compiler alone: it starts with half of the work, which whoever starts beside it feels more than a search does.
    OPENSEARCH_JAVA_OPTS: "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1",
  },
  port: 9200,
  backup: {
    kind: "derived",
    from: "the database of the service that fills it",
    // Those that begin with a dot are its own.
    forget: ["curl", "-fsS", "-o", "/dev/null", "-X", "DELETE", "http://127.0.0.1:9200/*,-.*"],
  },
  healthCheck: {
    tests: [
      "CMD",
      "curl",
      "-fsS",
      "-m",
      "3",
      "-o",
      "/dev/null",
      "http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=1s",
    ],
    interval: "15s",
    timeout: "3s",
    startPeriod: "1m30s",
    retries: 3,
  },
  memoryMib: 1280,
  stopSeconds: 20,
  readySeconds: 180,
} satisfies Infrastructure;

/** What holds the published ports, so that the load balancer behind it can be replaced: nginx, built from `edge/`. */
export const edge = {
  context: "edge",
  memoryMib: 128,
  stopSeconds: 15,
  readySeconds: 30,
};

/** The load balancer: nginx, whose configuration consul-template writes as services come and go. Built from `lb/`. */
export const loadBalancer = {
  context: "lb",
  /** Where it and the edge meet; each instance has a folder of its own there, for all that it writes. */
  shared: { volume: "lb-run", path: "/run/lb" },
  healthCheck: {
    tests: [
      "CMD-SHELL",
      "test -e /tmp/self/leads && curl -fsS -o /dev/null --unix-socket /tmp/self/status.sock http://lb/health",
    ],
    interval: "10s",
    timeout: "2s",
    startPeriod: "30s",
    retries: 3,
  },
  memoryMib: 256,
  stopSeconds: 40,
  readySeconds: 60,
};
