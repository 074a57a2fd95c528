import { createInProcessBus } from "@flovyn/bus";
import {
  ConfigError,
  createLifecycle,
  createLogger,
  exitOnUnhandledErrors,
  type FlovynConfig,
  findExampleSecrets,
  loadConfig,
  waitForSignal,
} from "@flovyn/runtime";
import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { withExamples } from "../command-line/examples.js";
import { connectBroker } from "../compose/broker.js";
import { startProcess } from "../compose/processes.js";
import { ensureSchema } from "../compose/schema.js";
import { backendNames, type ServiceName, serviceNames } from "../compose/services.js";

/** `flovyn serve <service|all>`: one service of a cluster, or all of them in one process. */
export function addServe(program: Command): void {
  const serve = program
    .command("serve")
    .description("run one service of a cluster, or all of them in one process")
    .argument("<service>", [...serviceNames, "all"].join(", "))
    .option("--config <file>", "configuration file, TOML (CONFIG_FILE)");
  withExamples(serve, "serve all --config flovyn.toml", "serve gateway --config gateway.toml").action(runServices);
}

async function runServices(target: string, options: { config?: string }): Promise<void> {
  const services = resolveServices(target);
  const config = loadConfig({ configFile: options.config });
  const exampleSecrets = findExampleSecrets(config);
  if (exampleSecrets.length > 0) throw new ConfigError(exampleSecrets);
  if (target === "gateway") {
    // grpc-js makes Error objects on its fast path; their stacks cost more than the rest of a call.
    Error.stackTraceLimit = 0;
  }
  const log = createLogger({ service: target, ...config.log });
  exitOnUnhandledErrors(log);
  const lifecycle = createLifecycle(log);
  const stopSignal = waitForSignal();
  const databaseUrl = services.some(needsDatabase) ? requireDatabase(config) : undefined;
  await startProcess(lifecycle, {
    name: target,
    services,
    config,
    databaseUrl,
    log,
    prepare: async () => {
      if (databaseUrl === undefined) return;
      await ensureSchema(databaseUrl, { migrateHere: config.runMigrations && services.includes("dispatch"), log });
    },
    connectBus: (stats) => {
      if (config.nats.enabled) return connectBroker({ nats: config.nats, name: `flovyn-${target}`, log, stats });
      if (target !== "all") throw new UsageError("nats.enabled is false: only `serve all` works without a broker");
      return Promise.resolve(createInProcessBus({ log, stats }));
    },
  });
  log.info({ services }, "serving");
  const signal = await stopSignal;
  log.info({ signal }, "stopping");
  await lifecycle.stop();
}

function resolveServices(target: string): ServiceName[] {
  if (target === "all") return [...backendNames, "gateway"];
  const name = serviceNames.find((known) => known === target);
  if (name === undefined)
    throw new UsageError(`${target} is not a service: it is one of ${serviceNames.join(", ")}, all`);
  return [name];
}

function needsDatabase(name: ServiceName): boolean {
  return name !== "gateway";
}

function requireDatabase(config: FlovynConfig): string {
  if (config.databaseUrl === undefined) throw new UsageError("DATABASE_URL is required");
  return config.databaseUrl;
}
