import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@flovyn/embedded-postgres";
import { startNatsServer, type TestProcess } from "@flovyn/testing";
import type { CountedProcess } from "../measure/cpu.js";
import { startFreshPostgres } from "./fresh-postgres.js";
import { Resources } from "./resources.js";
import { failWithFirstEnd, startServerProcess } from "./server-process.js";
import type { Topology } from "./topology.js";

type Credentials = Pick<Topology["target"], "orgId" | "apiKey" | "workerToken">;

interface Member {
  service: string;
  child: TestProcess;
  /** Of a gateway. */
  httpUrl: string;
  opsUrl: string;
  door: string;
}

/** A process per service over one broker and one Postgres; gateway, dispatch and tasks `replicas` times. */
export async function startClusterTopology(options: {
  replicas: number;
  cpuProfiles: string | undefined;
}): Promise<Topology> {
  const resources = new Resources();
  try {
    const { directory, postgres } = await startFreshPostgres(resources);
    const nats = await startNatsServer();
    resources.add(() => nats.stop());
    const credentials = makeCredentials();
    const configFile = join(directory, "flovyn.toml");
    writeFileSync(configFile, configText(credentials), { mode: 0o600 });
    const shared = { DATABASE_URL: postgres.url, NATS__URL: nats.url, CONFIG_FILE: configFile };
    const start = (service: string) =>
      startMember(resources, { service, env: shared, cpuProfiles: options.cpuProfiles });
    // Dispatch brings the schema.
    const first = await start("dispatch");
    const again = Array.from({ length: options.replicas - 1 }, () => ["dispatch", "tasks", "gateway"]).flat();
    const members = [first, ...(await Promise.all(["tasks", "gateway", "timers", "promises", ...again].map(start)))];
    const gateways = members.filter(({ service }) => service === "gateway");
    const broker: CountedProcess[] = nats.pid === undefined ? [] : [{ name: "nats", pid: nats.pid }];
    const failed = failWithFirstEnd(members.map(({ child }) => child));
    failed.catch(() => {});
    return {
      target: { doors: gateways.map(({ door }) => door), httpUrl: gateways[0]?.httpUrl ?? "", ...credentials },
      databaseUrl: postgres.url,
      metricsUrls: members.map(({ opsUrl }) => opsUrl),
      processes: [
        ...members.map(({ service, child }) => ({ name: service, pid: child.pid })),
        { name: "postgres", pid: postgres.pid, withChildren: true },
        ...broker,
      ],
      failed,
      stop: () => resources.stop(),
    };
  } catch (error) {
    await resources.stop();
    throw error;
  }
}

async function startMember(
  resources: Resources,
  member: { service: string; env: Record<string, string>; cpuProfiles: string | undefined },
): Promise<Member> {
  const { service } = member;
  const [httpPort, grpcPort, opsPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { SERVER_PORT: String(httpPort), GRPC_SERVER_PORT: String(grpcPort), OPS_PORT: String(opsPort) };
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const child = await startServerProcess(resources, {
    name: service,
    args: ["serve", service],
    env: { ...member.env, ...ports },
    url: opsUrl,
    cpuProfiles: member.cpuProfiles,
  });
  return { service, child, httpUrl: `http://127.0.0.1:${httpPort}`, opsUrl, door: `127.0.0.1:${grpcPort}` };
}

function makeCredentials(): Credentials {
  const secret = () => randomBytes(18).toString("base64url");
  return { orgId: randomUUID(), apiKey: `flovyn_sk_bench_${secret()}`, workerToken: `flovyn_wk_bench_${secret()}` };
}

function configText({ orgId, apiKey, workerToken }: Credentials): string {
  return `
[[orgs]]
id = "${orgId}"
name = "Bench"
slug = "bench"

[[auth.static_api_key.keys]]
key = "${apiKey}"
org_id = "${orgId}"
principal_type = "User"
principal_id = "api:bench"
role = "ADMIN"

[[auth.static_api_key.keys]]
key = "${workerToken}"
org_id = "${orgId}"
principal_type = "Worker"
principal_id = "worker:bench"
`;
}
