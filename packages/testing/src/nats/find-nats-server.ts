import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { downloadDebianPackage } from "./debian-package.js";

/** Where a NATS server for the tests comes from. */
export type NatsSource =
  | { how: "url"; url: string }
  | { how: "path" | "debian-package"; program: string }
  | { how: "container"; image: string };

const IMAGE = "nats:2.10-alpine";

/**
 * Finds a NATS server: a running one named by NATS_URL, a `nats-server` in PATH, the Debian package when root may fetch it, a
 * container when Docker answers. Throws an error that lists what was tried and what to do.
 */
export async function findNatsServer(): Promise<NatsSource> {
  const url = process.env.NATS_URL;
  if (url) return { how: "url", url };
  const inPath = ["nats-server", "/usr/sbin/nats-server"].find(runs);
  if (inPath) return { how: "path", program: inPath };

  const tried = ["NATS_URL is not set.", "There is no nats-server in PATH."];
  const debian = downloadDebianPackage();
  if (debian.program !== undefined) {
    if (runs(debian.program)) return { how: "debian-package", program: debian.program };
    tried.push(`The nats-server of the Debian package does not run here (${debian.program}).`);
  } else {
    tried.push(debian.reason);
  }
  if (await dockerAnswers()) return { how: "container", image: IMAGE };
  tried.push("Docker does not answer.");
  throw new Error(
    [
      "The tests need a NATS server and found none:",
      ...tried.map((line) => `  - ${line}`),
      "Do one of these: put nats-server into PATH (https://github.com/nats-io/nats-server/releases), start Docker, or set NATS_URL.",
    ].join("\n"),
  );
}

function runs(program: string): boolean {
  if (program.startsWith("/") && !existsSync(program)) return false;
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

async function dockerAnswers(): Promise<boolean> {
  try {
    // Loaded only here: it is large, and few machines need it.
    const { getContainerRuntimeClient } = await import("testcontainers");
    await getContainerRuntimeClient();
    return true;
  } catch {
    // "No Docker" comes as an error of many kinds; each means the same.
    return false;
  }
}
