// Step 3: a Docker engine that answers.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { atLeast, minimumEngine } from "../platform/versions.mjs";
import { installPackages, isDebian } from "./apt.mjs";
import { configured, logFile, run, say, SetupError, step, which } from "./steps.mjs";

/** For all stacks, or for one, whose engine may be elsewhere. */
export async function docker(setup, stack) {
  await step(setup, "Docker Engine", async () => {
    const elsewhere = stack !== undefined && isElsewhere(stack) && which("docker", setup.env) !== undefined;
    if (elsewhere) return `that of the stack's machine (${configured(stack, "machine.driver")})`;
    let engine = await ask(setup);
    if (engine.version === undefined) {
      await install(setup, engine);
      engine = await ask(setup);
      if (engine.version === undefined) {
        throw new SetupError(
          `The Docker engine was started but does not answer (${engine.why}): see ${logFile("dockerd")}, or add yourself to the group docker.`,
        );
      }
    }
    if (!atLeast(engine.version, minimumEngine)) {
      throw new SetupError(
        `The Docker engine at ${engine.host} is ${engine.version}, need ${minimumEngine} or newer: update it, or point DOCKER_HOST or \`docker context use\` at another.`,
      );
    }
    return `${engine.version} at ${engine.host}`;
  });
}

/** Whether a stack's engine is another than the docker command's own. */
export function isElsewhere(stack) {
  return (configured(stack, "machine.driver") ?? "local") !== "local";
}

/** Which engine the docker client would talk to (DOCKER_HOST, the current context, the local socket), and its version. */
async function ask(setup) {
  if (which("docker", setup.env) === undefined) return { host: "", why: "there is no docker command on PATH" };
  const [context, version] = await Promise.all([
    run("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], {
      env: setup.env,
      timeout: 10_000,
    }),
    run("docker", ["version", "--format", "{{.Server.Version}}"], { env: setup.env, timeout: 10_000 }),
  ]);
  const host = context.stdout.trim();
  if (version.code === 0) return { host, version: version.stdout.trim() };
  return { host, why: version.stderr.trim().split("\n").pop() || version.reason };
}

async function install(setup, { host, why }) {
  if (host !== "" && host !== "unix:///var/run/docker.sock") {
    throw new SetupError(
      `The Docker engine at ${host} does not answer (${why}): start it, or unset DOCKER_HOST or \`docker context use default\`.`,
    );
  }
  if (/permission denied/i.test(why)) {
    throw new SetupError(
      "The Docker engine refuses this user: add it to the group docker (`sudo usermod -aG docker $USER`, then log in again).",
    );
  }
  const root = await asRoot(setup);
  if (!isDebian({ orLike: true }) || root === undefined) {
    throw new SetupError(
      `No Docker engine answers (${why}), and only on Debian and Ubuntu, as root, is one installed for you: ` +
        "install Docker (https://docs.docker.com/engine/install) and try again.",
    );
  }
  if (which("docker", setup.env) === undefined || which("dockerd", wide(setup.env)) === undefined) {
    await consent();
    await installPackages(setup, "Docker", ["docker.io", "iptables", "ca-certificates"], {
      root,
      // Packages of their own from Debian 13 on.
      whereThereIs: ["docker-cli", "docker-buildx"],
      wayOut: "Or install Docker yourself (https://docs.docker.com/engine/install).",
    });
  }
  await start(setup, root);
}

/** How to run a command as root: as it is, with sudo that doesn't ask, or not at all. */
async function asRoot(setup) {
  if (process.getuid?.() === 0) return [];
  return (await run("sudo", ["-n", "true"], { env: setup.env })).code === 0 ? ["sudo", "-n"] : undefined;
}

async function consent() {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(
    "No Docker engine is installed. Install the distribution's (docker.io)? [Y/n] ",
  );
  terminal.close();
  if (/^n/i.test(answer.trim())) {
    throw new SetupError("No Docker engine: install Docker (https://docs.docker.com/engine/install) and try again.");
  }
}

/** Where Debian keeps what only root runs. */
function wide(env) {
  return { ...env, PATH: `${env.PATH}:/usr/sbin:/sbin` };
}

async function start(setup, root) {
  const log = logFile("dockerd");
  say(`  Start the Docker engine … (log: ${log})`);
  let ended = false;
  if (existsSync("/run/systemd/system")) {
    const [command, ...args] = [...root, "systemctl", "enable", "--now", "docker"];
    const started = await run(command, args, { env: setup.env, onOutput: (chunk) => appendFileSync(log, chunk) });
    if (started.code !== 0) {
      throw new SetupError(
        `The Docker engine could not be started (systemctl: ${started.reason}): see ${log} and \`journalctl -u docker\`.`,
      );
    }
  } else {
    const output = openSync(log, "a");
    const [command, ...args] = [...root, "dockerd"];
    const engine = spawn(command, args, { env: wide(setup.env), detached: true, stdio: ["ignore", output, output] });
    engine.on("exit", () => (ended = true));
    engine.unref();
  }
  const deadline = Date.now() + 60_000;
  while (!ended && Date.now() < deadline) {
    const { version, why } = await ask(setup);
    if (version !== undefined || /permission denied/i.test(why)) return;
    await sleep(250);
  }
}
