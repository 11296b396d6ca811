import { RunError } from "@pulumi/pulumi";
import type * as pulumi from "@pulumi/pulumi";
import { atLeast, minimumEngine } from "../../platform/versions.mjs";
import type { Address, Answer } from "./docker.ts";
import { infoOf } from "./questions.ts";
import type { Listing } from "./there.ts";

/** A Docker engine that answers, or one that an `up` makes answer. */
export interface Engine {
  /** Where: `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`. */
  readonly host: string;
  /** The folder with the certificates for it, as PEM: ca.pem, cert.pem and key.pem. */
  readonly certificates?: string;
  /** How the docker command reaches it. */
  readonly address: Address;
  /** Which: the engine's own id, which stays through restarts. */
  readonly id: string;
  /** What its images run on: `linux/x86_64`. */
  readonly platform: string;
  /** Whether a user runs it without being root, so that in its containers his files are root's. @default false */
  readonly rootless?: boolean;
  /** Its socket, as a container on it can mount it. */
  readonly socket: string;
  /** The host under which what it publishes is reached from here: `127.0.0.1` where it is this computer's. */
  readonly reachedAt: string;
  /** How a user chooses another, as the beginning of a sentence that names it. */
  readonly choice: string;
  /** A folder of this computer as the engine can mount it. @default the same path */
  readonly folder?: (path: string) => string;
  /** What makes it, in the state: nothing of it is known while this is not. @default somebody else */
  readonly made?: pulumi.Output<unknown>;
  /** Which machine it is, where machines come and go under one name: all that is on one goes with it. @default it stays */
  readonly machineId?: string;
  /** The resource with which everything on it goes, and needs no deletion of its own. @default none */
  readonly deletedWith?: pulumi.Resource;
  /** In a preview, of one that is still to be made or started: it can't be asked. @default false */
  readonly asleep?: boolean;
  /** Its containers, where they were asked for early. @default they are, once the engine is known */
  readonly listing?: Listing;
  /** What the stack's output `machine` says beside the driver and the engine's host. @default nothing */
  readonly facts?: Readonly<Record<string, string>>;
}

/** What an engine says of itself. */
export interface Info {
  readonly id: string;
  readonly platform: string;
  readonly rootless: boolean;
  readonly operatingSystem: string;
}

/**
 * Who an engine is, asked now unless that was `asked` before; `title` begins the sentences, and the ways out end them.
 * @throws RunError when it does not answer or is too old.
 */
export async function askEngine(
  address: Address,
  title: string,
  waysOut: { away: string; old: string },
  asked: Promise<Answer> = infoOf(address),
): Promise<Info> {
  const info = await asked;
  refuseMissingCommand(info.why);
  const [id, version, platform = "", security = "", ...system] = info.stdout.split(" ");
  if (!info.ok || !id || !version) throw new RunError(`${title} does not answer (${info.why}): ${waysOut.away}`);
  if (!atLeast(version, minimumEngine)) {
    throw new RunError(`${title} is ${version}, need ${minimumEngine} or newer: ${waysOut.old}`);
  }
  return { id, platform, rootless: security.includes("name=rootless,"), operatingSystem: system.join(" ") };
}

/** @throws RunError where a docker command failed since there is none. */
export function refuseMissingCommand(why: string): void {
  if (!why.includes("ENOENT")) return;
  throw new RunError("There is no docker command on PATH: install Docker (https://docs.docker.com/engine/install).");
}

/** Where the ports of an engine at `host` are reached from here. */
export function reachedAt(host: string): string {
  if (!/^(tcp|ssh|https?):/.test(host)) return "127.0.0.1";
  const { hostname } = new URL(host.replace(/^\w+:/, "http:"));
  return hostname === "localhost" ? "127.0.0.1" : hostname;
}
