import type { SshSettings } from "../../platform/machine.ts";
import { sshAddress } from "./addresses.ts";
import { askEngine, type Engine, reachedAt } from "./engine.ts";
import { usualSocket } from "./local.ts";

/**
 * The engine of another computer, through its ssh server: by the ssh command, with its own config, keys and agent.
 * @throws RunError when it does not answer or is too old: nothing is created then.
 */
export async function sshEngine({ address: at }: SshSettings): Promise<Engine> {
  const host = `ssh://${at}`;
  const address = sshAddress(at);
  const { id, platform } = await askEngine(address, `The Docker engine at ${host}`, {
    away: `see that \`ssh ${at.replace(/:(\d+)$/, " -p $1")} docker version\` works without a question, or correct mia:machine.address.`,
    old: "update it, or correct mia:machine.address.",
  });
  return {
    host,
    address,
    id,
    platform,
    socket: usualSocket,
    reachedAt: reachedAt(host),
    choice: "correct mia:machine to name",
  };
}
