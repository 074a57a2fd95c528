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
    const [httpPort, grpcPort, opsPort] = [await freePort(), await freePort(), await freePort()];
    const httpUrl = `http://127.0.0.1:${httpPort}`;
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const ports = ["--http-port", httpPort, "--grpc-port", grpcPort, "--ops-port", opsPort].map(String);
    const server = await startServerProcess(resources, {
      name: "flovyn",
      args: ["dev", "--no-demo", "--data", directory, "--database-url", postgres.url, ...ports],
      url: opsUrl,
      cpuProfiles: options.cpuProfiles,
    });
    const { orgId, apiKey, workerToken } = JSON.parse(readFileSync(join(directory, "credentials.json"), "utf8"));
    const failed = failWithFirstEnd([server]);
    failed.catch(() => {});
    return {
      target: { doors: [`127.0.0.1:${grpcPort}`], httpUrl, orgId, apiKey, workerToken },
      databaseUrl: postgres.url,
      metricsUrls: [opsUrl],
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
