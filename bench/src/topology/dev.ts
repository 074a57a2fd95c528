import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@flovyn/embedded-postgres";
import { startFreshPostgres } from "./fresh-postgres.js";
import { Resources } from "./resources.js";
import { failWithFirstEnd, startServerProcess } from "./server-process.js";
import type { Topology } from "./topology.js";

/** `flovyn dev`: all services in one process with the bus inside. */
export async function startDevTopology(options: { cpuProfiles: string | undefined }): Promise<Topology> {
  const resources = new Resources();
  try {
    const { directory, postgres } = await startFreshPostgres(resources);
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    const httpUrl = `http://127.0.0.1:${httpPort}`;
    const ports = ["--http-port", String(httpPort), "--grpc-port", String(grpcPort)];
    const server = await startServerProcess(resources, {
      name: "flovyn",
      args: ["dev", "--no-demo", "--data", directory, "--database-url", postgres.url, ...ports],
      url: httpUrl,
      cpuProfiles: options.cpuProfiles,
    });
    const { orgId, apiKey, workerToken } = JSON.parse(readFileSync(join(directory, "credentials.json"), "utf8"));
    const failed = failWithFirstEnd([server]);
    failed.catch(() => {});
    return {
      target: { doors: [`127.0.0.1:${grpcPort}`], httpUrl, orgId, apiKey, workerToken },
      databaseUrl: postgres.url,
      metricsUrls: [httpUrl],
      processes: [
        { name: "flovyn", pid: server.pid },
        { name: "postgres", pid: postgres.pid, withChildren: true },
      ],
      failed,
      stop: () => resources.stop(),
    };
  } catch (error) {
    await resources.stop();
    throw error;
  }
}
