import type { Bus } from "@flovyn/bus";
import { createKnownQueues, Database } from "@flovyn/db";
import { createDispatchService } from "@flovyn/dispatch";
import { createGatewayService } from "@flovyn/gateway";
import { createPromisesService } from "@flovyn/promises";
import type { Service, ServiceContext } from "@flovyn/runtime";
import { createTasksService } from "@flovyn/tasks";
import { createTimersService } from "@flovyn/timers";

export const backendNames = ["dispatch", "tasks", "timers", "promises"] as const;
export const serviceNames = [...backendNames, "gateway"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface ComposeContext extends ServiceContext {
  /** Undefined in a process that only holds the gateway. */
  db: Database | undefined;
}

/** Builds a service. The gateway is the only one without a database. */
export function createService(name: ServiceName, context: ComposeContext): Service {
  const log = context.log.child({ component: name });
  if (name === "gateway") return createGatewayService({ ...context, log });
  const { db } = context;
  if (db === undefined) throw new Error(`${name} needs a database`);
  const shared = { ...context, log, db, knownQueues: createKnownQueues() };
  switch (name) {
    case "dispatch":
      return createDispatchService(shared);
    case "tasks":
      return createTasksService({ ...shared, random: Math.random });
    case "timers":
      return createTimersService(shared);
    case "promises":
      return createPromisesService(shared);
  }
}

/** One pool for the process; its figures and its reachability are reported. */
export function openDatabase(url: string, context: Omit<ComposeContext, "db">, name: string): Database {
  const db = new Database({
    url,
    poolMax: context.config.database.poolMax,
    applicationName: `flovyn-${name}`,
    onIdleError: (err) => context.log.warn({ err }, "a database connection was lost"),
  });
  context.health.add("database", async () => {
    await db.query({ text: "select 1" });
    return undefined;
  });
  const figures = [
    ["flovyn_db_transactions_total", "Transactions begun.", () => db.stats().transactions],
    ["flovyn_db_statements_total", "Statements sent.", () => db.stats().statements],
    ["flovyn_db_pool_connections", "Open connections.", () => db.stats().poolTotal],
    ["flovyn_db_pool_waiting", "Callers that wait for a connection.", () => db.stats().poolWaiting],
  ] as const;
  for (const [figure, help, read] of figures) context.metrics.observe(figure, help, read);
  return db;
}

/** Readiness of the bus, for processes whose services depend on it. */
export function watchBus(bus: Bus, context: Pick<ServiceContext, "health">): void {
  context.health.add("bus", async () => (bus.connected() ? undefined : "not connected"));
}
