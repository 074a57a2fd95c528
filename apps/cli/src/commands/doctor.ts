import { createConnection, createServer } from "node:net";
import { schemaState } from "@flovyn/db";
import { createLogger, type FlovynConfig, findExampleSecrets, loadConfig } from "@flovyn/runtime";
import pg from "pg";
import { connectBroker } from "../compose/broker.js";
import { print, printLines } from "../print.js";

/** What a check found: undefined is ok, a text is what is wrong and what to do. */
type Finding = { ok: string } | { problem: string };

const clockSkewMsMax = 500;
const connectTimeoutMs = 5_000;

/** `flovyn doctor`: looks at everything a server needs and says for each part ok, or what to do. */
export async function doctor(): Promise<void> {
  const config = loadConfig();
  const checks: [string, () => Promise<Finding>][] = [
    ["secrets", async () => checkSecrets(config)],
    ["Postgres", () => checkPostgres(config)],
    ["schema", () => checkSchema(config)],
    ["clock", () => checkClock(config)],
    ["NATS", () => checkNats(config)],
    [`HTTP port ${config.serverPort}`, () => checkPort(config.serverPort, "SERVER_PORT")],
    [`gRPC port ${config.grpcServerPort}`, () => checkPort(config.grpcServerPort, "GRPC_SERVER_PORT")],
    [`ops port ${config.opsPort}`, () => checkPort(config.opsPort, "OPS_PORT")],
  ];
  let problems = 0;
  for (const [name, check] of checks) {
    const finding = await check().catch((error: unknown): Finding => ({ problem: reasonOf(error) }));
    if ("ok" in finding) {
      print(`ok       ${name}: ${finding.ok}`);
    } else {
      problems += 1;
      printLines(`problem  ${name}: ${finding.problem}`.split("\n"));
    }
  }
  print(problems === 0 ? "everything is in order" : `${problems} of ${checks.length} checks found a problem`);
  if (problems > 0) process.exitCode = 1;
}

function checkSecrets(config: FlovynConfig): Finding {
  const problems = findExampleSecrets(config);
  return problems.length === 0
    ? { ok: "none is an example or one of development" }
    : { problem: problems.join("\n         ") };
}

const noDatabase: Finding = {
  problem: "DATABASE_URL is not set: set it to postgres://user:password@host:port/database",
};

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function checkPostgres({ databaseUrl }: FlovynConfig): Promise<Finding> {
  if (databaseUrl === undefined) return noDatabase;
  try {
    const version = await withClient(databaseUrl, async (client) => {
      const result = await client.query("select current_setting('server_version') as version");
      return String(result.rows[0].version);
    });
    return { ok: `version ${version} answers` };
  } catch (error) {
    return { problem: `${reasonOf(error)}: check DATABASE_URL, that the server runs, and that it may be reached` };
  }
}

async function checkSchema({ databaseUrl }: FlovynConfig): Promise<Finding> {
  if (databaseUrl === undefined) return noDatabase;
  const { known, applied, missing } = await schemaState(databaseUrl);
  if (applied > known) {
    return {
      problem: `the database has ${applied} migrations, this version knows ${known}: install the newer version`,
    };
  }
  if (missing.length > 0) return { problem: `${missing.length} migrations are missing: run \`flovyn migrate\`` };
  return { ok: `${applied} of ${known} migrations applied` };
}

async function checkClock({ databaseUrl }: FlovynConfig): Promise<Finding> {
  if (databaseUrl === undefined) return noDatabase;
  return withClient(databaseUrl, async (client) => {
    const before = Date.now();
    const result = await client.query("select extract(epoch from clock_timestamp()) * 1000 as now");
    const skewMs = Math.round(Number(result.rows[0].now) - (before + Date.now()) / 2);
    if (Math.abs(skewMs) <= clockSkewMsMax) return { ok: `${skewMs} ms apart from the database` };
    return { problem: `${skewMs} ms apart from the database: synchronize both machines by NTP` };
  });
}

async function checkNats({ nats }: FlovynConfig): Promise<Finding> {
  if (!nats.enabled) return { ok: "not used (nats.enabled is false)" };
  const log = createLogger({ service: "doctor", level: "silent" });
  try {
    const bus = await connectBroker({ nats, name: "flovyn-doctor", log, connectTimeoutMs });
    await bus.flush();
    await bus.drain();
    return { ok: "the broker answers" };
  } catch (error) {
    return { problem: `${reasonOf(error)}: check NATS__URL and that the broker runs` };
  }
}

async function checkPort(port: number, variable: string): Promise<Finding> {
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
  if (free) return { ok: "free" };
  const answers = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1", timeout: connectTimeoutMs });
    socket
      .once("connect", () => resolve(true))
      .once("error", () => resolve(false))
      .once("timeout", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
  const who = answers ? "a server already listens there" : "it may not be used";
  return { problem: `${who}: stop it if it is not this server, or set ${variable} to another port` };
}

/** The first line of an error; connection strings in it are cut off, since they hold passwords. */
function reasonOf(error: unknown): string {
  const text =
    error instanceof Error ? error.message || String((error as { code?: unknown }).code ?? error.name) : String(error);
  return (text.split("\n")[0] ?? text).replace(/\w+:\/\/\S+/g, "the given address");
}
