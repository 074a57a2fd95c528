import { type Bus, type BusStats, createBusStats } from "@flovyn/bus";
import { databaseNow } from "@flovyn/db";
import { systemClock } from "@flovyn/domain";
import {
  createBatchLane,
  createDatabaseClock,
  createHealth,
  createMetrics,
  type FlovynConfig,
  type Lifecycle,
  type LifecycleStep,
  type Logger,
  startOpsServer,
} from "@flovyn/runtime";
import { type ComposeContext, createService, openDatabase, type ServiceName, watchBus } from "./services.js";
import { version } from "./version.js";

export interface ProcessOptions {
  /** Shown in logs, metrics and the database. */
  name: string;
  services: readonly ServiceName[];
  config: FlovynConfig;
  /** Undefined in a process that only holds the gateway. */
  databaseUrl: string | undefined;
  log: Logger;
  connectBus: (stats: BusStats) => Promise<Bus>;
  /** Called before the services start, with the schema's database. */
  prepare?: () => Promise<void>;
}

export interface StartedProcess {
  /** Of health and metrics. */
  opsPort: number;
}

/**
 * Starts the services of one process, in the order given, and marks it ready. What was started is stopped by the
 * lifecycle in reverse order, readiness first.
 */
export async function startProcess(lifecycle: Lifecycle, options: ProcessOptions): Promise<StartedProcess> {
  const { config, log, services } = options;
  const health = createHealth();
  const metrics = createMetrics({ service: options.name });
  const stats = createBusStats();
  await options.prepare?.();
  const bus = await options.connectBus(stats);
  const lane = createBatchLane(config.database.batchSlots);
  const base = { config, bus, lane, clock: systemClock, log, metrics, health, version };
  const db = options.databaseUrl === undefined ? undefined : openDatabase(options.databaseUrl, base, options.name);
  const clock = db === undefined ? undefined : createDatabaseClock(() => databaseNow(db));
  const context: ComposeContext = { ...base, db, clock: clock ?? systemClock };
  watchBus(bus, context);
  observeBus(context, stats);
  await clock?.measure();
  const ops = opsStep(context);
  const parts = services.map((name): LifecycleStep => ({ name, ...createService(name, context) }));
  const steps: LifecycleStep[] = [
    { name: "bus", start: async () => {}, stop: () => bus.drain() },
    {
      name: "database",
      start: async () => {},
      stop: async () => {
        clock?.stop();
        await db?.close();
      },
    },
    // Before the services and after them: probes are answered while they start and while they drain.
    ops,
    ...parts,
    { name: "readiness", start: async () => health.markStarted(), stop: async () => health.markStopping() },
  ];
  await lifecycle.start(steps);
  return { opsPort: ops.port() };
}

/** The listener of health and metrics; `port` is that which was bound, once it is started. */
function opsStep(context: ComposeContext): LifecycleStep & { port: () => number } {
  let stop = async () => {};
  let port = 0;
  return {
    port: () => port,
    name: "health and metrics",
    start: async () => {
      const { config, health, metrics, log } = context;
      const server = await startOpsServer({
        port: config.opsPort,
        address: config.opsBindAddress,
        health,
        metrics,
        version,
      });
      stop = server.stop;
      port = server.port;
      log.info({ port, address: config.opsBindAddress }, "health and metrics are served");
    },
    stop: () => stop(),
  };
}

function observeBus(context: ComposeContext, stats: BusStats): void {
  const { metrics } = context;
  const figures: readonly [name: string, help: string, figure: keyof BusStats][] = [
    ["flovyn_bus_requests_total", "Requests sent over the bus.", "requests"],
    ["flovyn_bus_request_errors_total", "Requests over the bus that failed.", "requestErrors"],
    ["flovyn_bus_served_total", "Requests served.", "served"],
    ["flovyn_bus_messages_sent_total", "Broker messages sent.", "messagesSent"],
    ["flovyn_bus_pending", "Requests that wait for an answer.", "pending"],
  ];
  for (const [name, help, figure] of figures) metrics.observe(name, help, () => stats[figure]);
}
