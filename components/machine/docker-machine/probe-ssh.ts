import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { DockerMachineSettings } from "../../../platform/machine.ts";
import { MachineError } from "./cli.ts";

/** Asks a host's ssh server first, since docker-machine would ask for minutes. */
export async function probeSsh({ machineDriver, options }: DockerMachineSettings): Promise<void> {
  const text = (name: string, fallback: string) => String(options[`generic-${name}`] ?? fallback);
  const host = text("ip-address", "");
  if (machineDriver !== "generic" || host === "") return;
  const key = text("ssh-key", "");
  if (key !== "" && !existsSync(key)) return; // it says so itself
  const manners = [
    "BatchMode=yes",
    "ConnectTimeout=8",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
  ];
  const login = key === "" ? [] : ["-i", key, "-o", "IdentitiesOnly=yes"];
  const args = [...manners.flatMap((one) => ["-o", one]), ...login, "-p", text("ssh-port", "22")];
  const [failed, said] = await new Promise<[boolean, string]>((done) => {
    execFile(
      "ssh",
      [...args, `${text("ssh-user", "root")}@${host}`, "true"],
      { timeout: 20_000 },
      (error, _, stderr) => {
        const missing = (error as NodeJS.ErrnoException | null)?.code === "ENOENT"; // docker-machine has an ssh of its own
        done([error !== null && !missing, stderr.trim().split("\n").at(-1) ?? ""]);
      },
    );
  });
  if (!failed) return;
  const way = /denied|publickey/i.test(said)
    ? "correct mia:machine.options.generic-ssh-user or generic-ssh-key"
    : "start it, or correct mia:machine.options.generic-ip-address or generic-ssh-port";
  throw new MachineError(
    `No machine can be made at ${host}, whose ssh server does not let us in (${said || "no answer"}): ${way}.`,
  );
}
