import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "../workspace-root.js";

const COMMAND_TIMEOUT_MS = 120_000;

type Outcome = { program: string } | { program?: undefined; reason: string };

/**
 * Fetches Debian's nats-server package and unpacks it below `.flovyn/cache`, without installing it. Only root may read and refresh the
 * package lists for sure, so only root tries.
 */
export function downloadDebianPackage(): Outcome {
  const target = join(workspaceRoot(), ".flovyn", "cache", "nats-server");
  const program = join(target, "usr", "sbin", "nats-server");
  if (existsSync(program)) return { program };
  if (process.getuid?.() !== 0) return { reason: "Only root fetches the Debian package." };
  if (!succeeds("apt-get", ["--version"]) || !succeeds("dpkg-deb", ["--version"])) {
    return { reason: "This is no Debian: there is no apt-get." };
  }
  const partial = `${target}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    const file = download(partial);
    if (file === undefined) return { reason: "apt-get could not download the package nats-server." };
    if (!succeeds("dpkg-deb", ["-x", file, join(partial, "root")])) {
      return { reason: "dpkg-deb could not unpack the package nats-server." };
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(join(partial, "root"), target);
    return { program };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** The package lists of a fresh container are empty or old; they are refreshed only when the first try shows it. */
function download(directory: string): string | undefined {
  for (const refresh of [false, true]) {
    if (refresh && !succeeds("apt-get", ["update", "-qq"])) return undefined;
    if (!succeeds("apt-get", ["download", "-qq", "nats-server"], directory)) continue;
    const name = readdirSync(directory).find((entry) => entry.endsWith(".deb"));
    if (name) return join(directory, name);
  }
  return undefined;
}

function succeeds(command: string, args: string[], cwd?: string): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { cwd, env, stdio: "ignore", timeout: COMMAND_TIMEOUT_MS }).status === 0;
}
