import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A socket on which a process listens. */
export interface Listening {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  /** The name of its process. */
  readonly process: string;
}

const tables = { tcp: "0A", tcp6: "0A", udp: "07", udp6: "07" };

/** What listens in a container, or wherever else a process of that id of this computer is, read from the kernel by root. */
export function listening(pid: number): Listening[] {
  const namespace = readlinkSync(`/proc/${String(pid)}/ns/net`);
  const owners = new Map(inNamespace(namespace).flatMap((one) => sockets(one).map((inode) => [inode, nameOf(one)])));
  return Object.entries(tables).flatMap(([table, state]) =>
    readFileSync(`/proc/${String(pid)}/net/${table}`, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote = "", connection]) => connection === state && remote.endsWith(":0000"))
      .flatMap(([, local = "", , , , , , , , inode = ""]): Listening[] => {
        const [address = "", port = ""] = local.split(":");
        const protocol = table.startsWith("tcp") ? "tcp" : "udp";
        const process = owners.get(inode);
        // Docker's own, by which it answers for names, belongs to none of them.
        return process === undefined
          ? []
          : [{ protocol, address: readable(address), port: Number.parseInt(port, 16), process }];
      }),
  );
}

/** The ids of all processes in a namespace of the network. */
function inNamespace(namespace: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readlinkSync(`/proc/${name}/ns/net`) === namespace;
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

function sockets(pid: string): string[] {
  return filesOf(pid).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.slice(1) ?? [];
    } catch {
      return []; // it is closed meanwhile
    }
  });
}

function filesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return []; // it has ended meanwhile
  }
}

function nameOf(pid: string): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

/** As the kernel writes it: words of four bytes, each backwards. */
function readable(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  const mapped = bytes.slice(0, 12).join("") === "00000000000000000000FFFF";
  if (mapped) return readable(hex.slice(24));
  return bytes.every((byte) => byte === "00") ? "::" : (bytes.join("").match(/.{4}/g) ?? []).join(":").toLowerCase();
}
