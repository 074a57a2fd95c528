import { type Bus, type Caller, createInProcessBus, hintDue, type ServiceName } from "@flovyn/bus";
import { createKnownQueues, Database, upsertOrganizations } from "@flovyn/db";
import { createDispatchService } from "@flovyn/dispatch";
import { newId } from "@flovyn/domain";
import { createPromisesService } from "@flovyn/promises";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig } from "@flovyn/runtime";
import { createTasksService } from "@flovyn/tasks";
import { createTestDatabase, FakeClock, type TestDatabase } from "@flovyn/testing";
import { createTimersService } from "@flovyn/timers";

/** A protobuf message type. */
interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  fromPartial(message: Partial<Message>): Message;
}

export const principalId = "principal";
const silent = createLogger({ service: "test", level: "silent" });

const create = {
  dispatch: createDispatchService,
  tasks: createTasksService,
  timers: createTimersService,
  promises: createPromisesService,
};
type Name = keyof typeof create;
const services = Object.keys(create) as Name[];

/** Two replicas of every service, complete with their loops, on one bus, one database, and a clock at rest. */
export class Cluster {
  readonly orgId = newId();
  readonly otherOrgId = newId();
  readonly clock = new FakeClock();
  readonly caller: Caller = { orgId: this.orgId, principalType: "Worker", principalId };
  readonly bus: Bus;
  readonly observer: Database;
  readonly #running: { name: Name; stop: () => Promise<void> }[] = [];
  readonly #database: TestDatabase;

  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    bus: Bus,
    observer: Database,
    { database, env }: { database: TestDatabase; env: Readonly<Record<string, string>> },
  ) {
    this.#env = env;
    this.bus = bus;
    this.observer = observer;
    this.#database = database;
  }

  /** `env` configures the services. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const bus = createInProcessBus({ log: silent });
    const database = await createTestDatabase();
    const observer = new Database({ url: database.url, poolMax: 6, applicationName: "observer" });
    const cluster = new Cluster(bus, observer, { database, env });
    const org = [cluster.orgId, cluster.otherOrgId].map((id) => ({ id, name: "test", slug: id, tier: "FREE" }));
    await upsertOrganizations(observer, { now: cluster.clock.now(), org });
    for (const name of [...services, ...services]) await cluster.startReplica(name);
    return cluster;
  }

  /** Adds a replica of a service. */
  async startReplica(name: Name): Promise<void> {
    const { bus, clock } = this;
    const db = new Database({ url: this.#database.url, poolMax: 8, applicationName: name });
    const context = {
      ...{ config: loadConfig({ env: this.#env }), bus, clock, log: silent, db, knownQueues: createKnownQueues() },
      ...{
        lane: createBatchLane(2),
        metrics: createMetrics({ service: "test", processMetrics: false }),
        health: createHealth(),
      },
    };
    const service = create[name]({ ...context, random: () => 0.5 });
    await service.start();
    const stop = async () => {
      await service.stop();
      await db.close();
    };
    this.#running.push({ name, stop });
  }

  /** Moves the clock and lets the services look at it. */
  passTime(ms: number): void {
    this.clock.advance(ms);
    const now = this.clock.now();
    for (const service of ["timers", "promises", "tasks"] as const) hintDue(this.bus, service, [now], now);
  }

  /** Stops all replicas of the named services and closes their connections; the database can still be looked at. Idempotent. */
  async stopServices(names: readonly Name[] = services): Promise<void> {
    for (const one of this.#running.filter(({ name }) => names.includes(name)).reverse()) {
      this.#running.splice(this.#running.indexOf(one), 1);
      await one.stop();
    }
  }

  async stop(): Promise<void> {
    await this.stopServices();
    await this.observer.close();
    await this.#database.drop();
  }

  send<Req>(
    service: ServiceName,
    operation: string,
    type: Codec<Req>,
    message: Partial<Req>,
    caller: Caller = this.caller,
  ): Promise<Uint8Array> {
    return this.bus.request({
      ...{ service, operation, caller, requestId: "request", traceparent: "", timeoutMs: 20_000 },
      payload: type.encode(type.fromPartial(message)).finish(),
    });
  }

  async call<Req, Res>(
    service: ServiceName,
    operation: string,
    types: readonly [Codec<Req>, Codec<Res>],
    message: Partial<Req>,
    caller?: Caller,
  ): Promise<Res> {
    return types[1].decode(await this.send(service, operation, types[0], message, caller));
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.observer.query({ text, values })).rows as Row[];
  }
}
