import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
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
import { connectBroker } from "../compose/broker.js";
import { startProcess } from "../compose/processes.js";
import { backendNames } from "../compose/services.js";
import { type DevCredentials, devConfig, devCredentials } from "../dev/credentials.js";
import { type DemoWorker, startDemoWorker } from "../dev/demo-worker.js";
import { step } from "../dev/steps.js";
import { print, printLines } from "../print.js";
import { UsageError } from "../usage.js";

interface DevOptions {
  dataDir: string;
  config: FlovynConfig;
  /** Undefined when a configuration file names the keys. */
  credentials: DevCredentials | undefined;
  nats: string | undefined;
  demo: boolean;
}

/** `flovyn dev`: all services in one process, on a Postgres of its own and the bus inside the process. */
export async function dev(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const { config, dataDir } = options;
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
    if (options.demo && options.credentials !== undefined) {
      demo = await Promise.race([startDemo(options.credentials, config), postgresEnded]);
      await Promise.race([runOrder(demo), postgresEnded]);
    }
    printAddresses(options, opsPort);
    await Promise.race([stopSignal, postgresEnded]);
    printLines(["", "Stopping"]);
  } finally {
    await demo?.stop();
    await lifecycle.stop();
  }
  print("Stopped; the data stays, `npm start` continues");
}

/** The worker of the order example stays, so that orders that are started by hand are worked on too. */
function startDemo(credentials: DevCredentials, config: FlovynConfig): Promise<DemoWorker> {
  return step("demo worker", () =>
    startDemoWorker({
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

function parseOptions(args: readonly string[]): DevOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string", default: ".flovyn" },
      host: { type: "string" },
      "http-port": { type: "string" },
      "grpc-port": { type: "string" },
      "ops-port": { type: "string" },
      config: { type: "string" },
      "database-url": { type: "string" },
      nats: { type: "string" },
      "no-demo": { type: "boolean", default: false },
    },
  });
  const dataDir = resolve(values.data);
  const configFile = values.config ?? process.env.CONFIG_FILE;
  const credentials = configFile === undefined ? devCredentials(dataDir) : undefined;
  const config = loadConfig({
    // A database that the environment names for something else must not be migrated by accident.
    env: { ...process.env, DATABASE_URL: undefined },
    configFile,
    // Its keys are for this machine; and a second server beside it needs another port for its metrics.
    defaults: { bind_address: loopback, ops_port: 0, log: { level: "warn" } },
    overrides: {
      ...(credentials === undefined ? {} : devConfig(credentials)),
      ...(values.host === undefined ? {} : { bind_address: values.host }),
      ...(values["http-port"] === undefined ? {} : { server_port: values["http-port"] }),
      ...(values["grpc-port"] === undefined ? {} : { grpc_server_port: values["grpc-port"] }),
      ...(values["ops-port"] === undefined ? {} : { ops_port: values["ops-port"] }),
      ...(values["database-url"] === undefined ? {} : { database_url: values["database-url"] }),
    },
  });
  if (config.orgs.length === 0) throw new UsageError("the configuration file names no [[orgs]]");
  return { dataDir, config, credentials, nats: values.nats, demo: !values["no-demo"] };
}

/** Where clients on this machine reach what listens at an address. */
function urlHost({ bindAddress }: FlovynConfig): string {
  if (isLoopbackAddress(bindAddress) || ["::", "0.0.0.0"].includes(bindAddress)) return loopback;
  return isIPv6(bindAddress) ? `[${bindAddress}]` : bindAddress;
}

function printAddresses({ config, credentials }: DevOptions, opsPort: number): void {
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
  printLines(["", "Start an order:"]);
  print(
    `  curl -s -X POST ${http}/api/orgs/${credentials.orgSlug}/workflow-executions ` +
      `-H 'Authorization: Bearer ${credentials.apiKey}' -H 'Content-Type: application/json' ` +
      `-d '{"kind":"order-processing","input":{"orderId":"A-1","customer":"Ada","items":[{"sku":"tea","quantity":2,"unitPriceCents":450}]}}'`,
  );
  printLines(["", "Ctrl-C stops"]);
}
