import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { createInProcessBus } from "@flovyn/bus";
import { migrate } from "@flovyn/db";
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from "@flovyn/embedded-postgres";
import {
  createLifecycle,
  createLogger,
  exitOnUnhandledErrors,
  type FlovynConfig,
  isLoopbackAddress,
  type Lifecycle,
  loadConfig,
  loopback,
  waitForSignal,
} from "@flovyn/runtime";
import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { withExamples } from "../command-line/examples.js";
import { connectBroker } from "../compose/broker.js";
import { startProcess } from "../compose/processes.js";
import { backendNames } from "../compose/services.js";
import { type DevCredentials, devConfig, devCredentials } from "../dev/credentials.js";
import type { DemoWorker } from "../dev/demo-worker.js";
import { requirePorts } from "../dev/require-ports.js";
import { noteRunning } from "../dev/running.js";
import { step } from "../dev/steps.js";
import { print, printLines } from "../print.js";

interface DevOptions {
  dataDir: string;
  config: FlovynConfig;
  /** Undefined when a configuration file names the keys. */
  credentials: DevCredentials | undefined;
  nats: string | undefined;
  demo: boolean;
}

/** `flovyn dev`: all services in one process, on a Postgres of its own and the bus inside the process. */
export function addDev(program: Command): void {
  const dev = program
    .command("dev")
    .description("run everything in one process, on a Postgres of its own")
    .option("--data <dir>", "where data is kept", ".flovyn")
    .option("--host <address>", "where it listens (localhost: this machine alone); 0.0.0.0 or :: for every address")
    .option("--http-port <n>", "HTTP port (8000)")
    .option("--grpc-port <n>", "gRPC port (9090)")
    .option("--ops-port <n>", "health and metrics, on this machine alone (a free one)")
    .option("--config <file>", "configuration file, TOML (CONFIG_FILE)")
    .option("--database-url <url>", "use this Postgres instead of an own one")
    .option("--nats <url>", "use this broker instead of the bus inside the process")
    .option("--no-demo", "serve only");
  withExamples(dev, "dev", "dev --http-port 8010 --grpc-port 9010 --data /tmp/flovyn", "dev --no-demo").action(
    (given: DevFlags) => runDev(readOptions(given)),
  );
}

interface DevFlags {
  data: string;
  host?: string;
  httpPort?: string;
  grpcPort?: string;
  opsPort?: string;
  config?: string;
  databaseUrl?: string;
  nats?: string;
  demo: boolean;
}

async function runDev(options: DevOptions): Promise<void> {
  const { config, dataDir } = options;
  await requirePorts(config);
  const log = createLogger({ service: "flovyn", level: config.log.level, pretty: true });
  exitOnUnhandledErrors(log);
  const lifecycle = createLifecycle(log);
  const stopSignal = waitForSignal();
  let demo: DemoWorker | undefined;
  let postgresEnded = new Promise<never>(() => {});
  print("Starting Flovyn");
  try {
    let { databaseUrl } = config;
    if (databaseUrl === undefined) {
      const postgres = await startPostgres(lifecycle, dataDir);
      databaseUrl = postgres.url;
      postgresEnded = failWhenEnded(postgres);
    }
    await step(
      "schema",
      () => migrate(databaseUrl),
      ({ applied }) => `${applied} migrations applied`,
    );
    const { opsPort } = await step("services", () =>
      startProcess(lifecycle, {
        name: "flovyn",
        services: [...backendNames, "gateway"],
        config,
        databaseUrl,
        log,
        connectBus: (stats) =>
          options.nats === undefined
            ? Promise.resolve(createInProcessBus({ log, stats }))
            : connectBroker({ nats: { ...config.nats, url: options.nats }, name: "flovyn-dev", log, stats }),
      }),
    );
    const forget = noteRunning(dataDir, {
      pid: process.pid,
      httpUrl: `http://${urlHost(config)}:${config.serverPort}`,
      serverUrl: `http://${urlHost(config)}:${config.grpcServerPort}`,
      opsUrl: `http://localhost:${opsPort}`,
      databaseUrl,
    });
    await lifecycle.start([{ name: "note", start: async () => {}, stop: async () => forget() }]);
    if (options.demo && options.credentials !== undefined) {
      demo = await Promise.race([startDemo(options.credentials, config), postgresEnded]);
      if (demo !== undefined) await Promise.race([runOrder(demo), postgresEnded]);
    }
    printAddresses(options, { opsPort, ordersAreTaken: demo !== undefined });
    await Promise.race([stopSignal, postgresEnded]);
    printLines(["", "Stopping"]);
  } finally {
    await demo?.stop();
    await lifecycle.stop();
  }
  print("Stopped; the data stays, `npm start` continues");
}

/**
 * The worker of the order example stays, so that orders that are started by hand are worked on too. Undefined where the
 * examples are not installed.
 */
async function startDemo(credentials: DevCredentials, config: FlovynConfig): Promise<DemoWorker | undefined> {
  const worker = await import("../dev/demo-worker.js").catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return undefined;
  });
  if (worker === undefined) return undefined;
  return step("demo worker", () =>
    worker.startDemoWorker({
      ...credentials,
      serverUrl: `http://${urlHost(config)}:${config.grpcServerPort}`,
      httpUrl: `http://${urlHost(config)}:${config.serverPort}`,
    }),
  );
}

async function runOrder(worker: DemoWorker): Promise<void> {
  printLines(["", "Demo: an order, whose payment fails at the first attempt"]);
  const receipt = await worker.runOrder();
  print(`  shipped: ${receipt.trackingNumber}, ${(receipt.totalCents / 100).toFixed(2)} paid as ${receipt.paymentId}`);
}

async function startPostgres(lifecycle: Lifecycle, dataDir: string): Promise<EmbeddedPostgres> {
  const postgres = await step(
    "Postgres",
    () => startEmbeddedPostgres({ dataDir: resolve(dataDir, "postgres") }),
    ({ port, dataDir: where }) => `127.0.0.1:${port}, data in ${where}`,
  );
  await lifecycle.start([{ name: "Postgres", start: async () => {}, stop: () => postgres.stop() }]);
  return postgres;
}

/** Nothing works without it, and nobody else would start it again. Errors: EmbeddedPostgresError, once Postgres has ended. */
function failWhenEnded({ exited }: EmbeddedPostgres): Promise<never> {
  const failed = exited.then(({ code, signal }) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    throw new EmbeddedPostgresError("Failed", `Postgres was ended ${how}. The data stays: start again to go on.`);
  });
  // It ends too when it is stopped, and then nobody waits.
  failed.catch(() => {});
  return failed;
}

function readOptions(given: DevFlags): DevOptions {
  const dataDir = resolve(given.data);
  const ownKeys = given.config === undefined && process.env.CONFIG_FILE === undefined;
  const credentials = ownKeys ? devCredentials(dataDir) : undefined;
  const config = loadConfig({
    // A database that the environment names for something else must not be migrated by accident.
    env: { ...process.env, DATABASE_URL: undefined },
    configFile: given.config,
    // Its keys are for this machine; and a second server beside it needs another port for its metrics.
    defaults: { bind_address: loopback, ops_port: 0, log: { level: "warn" } },
    overrides: {
      ...(credentials === undefined ? {} : devConfig(credentials)),
      ...(given.host === undefined ? {} : { bind_address: given.host }),
      ...(given.httpPort === undefined ? {} : { server_port: given.httpPort }),
      ...(given.grpcPort === undefined ? {} : { grpc_server_port: given.grpcPort }),
      ...(given.opsPort === undefined ? {} : { ops_port: given.opsPort }),
      ...(given.databaseUrl === undefined ? {} : { database_url: given.databaseUrl }),
    },
  });
  if (config.orgs.length === 0) throw new UsageError("the configuration file names no [[orgs]]");
  return { dataDir, config, credentials, nats: given.nats, demo: given.demo };
}

/** Where clients on this machine reach what listens at an address. */
function urlHost({ bindAddress }: FlovynConfig): string {
  if (isLoopbackAddress(bindAddress) || ["::", "0.0.0.0"].includes(bindAddress)) return loopback;
  return isIPv6(bindAddress) ? `[${bindAddress}]` : bindAddress;
}

interface Started {
  opsPort: number;
  /** Whether a worker takes orders that are started by hand. */
  ordersAreTaken: boolean;
}

function printAddresses({ config, credentials, dataDir }: DevOptions, { opsPort, ordersAreTaken }: Started): void {
  const http = `http://${urlHost(config)}:${config.serverPort}`;
  printLines(["", "Flovyn is ready"]);
  if (!isLoopbackAddress(config.bindAddress)) {
    print(
      `  warning       listens on ${config.bindAddress}, so other machines may reach it: it is meant for development`,
    );
  }
  print(`  HTTP          ${http}`);
  print(`  gRPC          http://${urlHost(config)}:${config.grpcServerPort}`);
  print(`  metrics       http://localhost:${opsPort}/metrics`);
  print(`  API docs      ${http}/api/docs`);
  if (credentials === undefined) {
    print("  keys          those of the configuration file");
    return;
  }
  print(`  organization  ${credentials.orgSlug} (${credentials.orgId})`);
  print(`  API key       ${credentials.apiKey}`);
  print(`  worker token  ${credentials.workerToken}`);
  if (!config.auth.enabled) print("  warning       auth.enabled is false: who reaches it needs no key");
  if (!ordersAreTaken) {
    printLines(["", "Run an example:", `  bin/flovyn demo orders --data ${dataDir}`, "", "Ctrl-C stops"]);
    return;
  }
  printLines(["", "Start an order:"]);
  print(
    `  curl -s -X POST ${http}/api/orgs/${credentials.orgSlug}/workflow-executions ` +
      `-H 'Authorization: Bearer ${credentials.apiKey}' -H 'Content-Type: application/json' ` +
      `-d '{"kind":"order-processing","input":{"orderId":"A-1","customer":"Ada","items":[{"sku":"tea","quantity":2,"unitPriceCents":450}]}}'`,
  );
  printLines(["", "Ctrl-C stops"]);
}
