import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterToml, makeOrg } from "@flovyn/e2e";
import { createTestDatabase, freePort, spawnProcess, waitFor, workspaceRoot } from "@flovyn/testing";
import { heapMebibytes, type StartTopology } from "./topology.js";

const shownLines = 60;
const name = "flovyn";
/** A directory for a CPU profile of the server, to look for a reason. */
const profiles = process.env.FLOVYN_NEIGHBOURS_PROFILES;

/** All services in one process, with the bus inside. */
export const startOneProcess: StartTopology = async () => {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const [attacker, neighbour] = [makeOrg("attacker"), makeOrg("neighbour")];
    const directory = mkdtempSync(join(tmpdir(), "flovyn-neighbours-"));
    undo.push(() => rmSync(directory, { recursive: true, force: true }));
    const config = join(directory, "config.toml");
    writeFileSync(config, clusterToml([attacker, neighbour]));
    const database = await createTestDatabase();
    undo.push(() => database.drop());
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    const child = spawnProcess({
      name,
      command: process.execPath,
      args: [
        ...(profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`]),
        ...[`--max-old-space-size=${heapMebibytes}`, join(workspaceRoot(), "bin", "flovyn"), "dev", "--no-demo"],
        ...["--data", directory, "--config", config, "--database-url", database.url],
        ...["--http-port", String(httpPort), "--grpc-port", String(grpcPort)],
      ],
      env: { LOG_LEVEL: "warn", NODE_OPTIONS: undefined, CONFIG_FILE: undefined, DATABASE_URL: undefined },
    });
    undo.push(() => child.stop());
    const httpUrl = `http://localhost:${httpPort}`;
    await waitFor(`${name} to be ready`, async () => {
      if (!child.running) throw new Error(`${name} ended:\n${child.lines.join("\n")}`);
      return (await fetch(`${httpUrl}/_/health/ready`)).status === 200;
    });
    return {
      ...{ attacker, neighbour, stop },
      grpcAddresses: [`localhost:${grpcPort}`],
      httpUrls: [httpUrl],
      processes: [{ name, pid: child.pid, running: () => child.running }],
      output: () => child.lines.slice(-shownLines).join("\n"),
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
