import { type Bus, type Caller, createInProcessBus, hintDue, type ServiceName } from "@flovyn/bus";
import { createKnownQueues, Database, upsertOrganizations } from "@flovyn/db";
import { createDispatchService } from "@flovyn/dispatch";
import { newId } from "@flovyn/domain";
import { createPromisesService } from "@flovyn/promises";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig } from "@flovyn/runtime";
import { createTasksService } from "@flovyn/tasks";
import { createTestDatabase, FakeClock } from "@flovyn/testing";
import { createTimersService } from "@flovyn/timers";

/** A protobuf message type. */
interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  fromPartial(message: Partial<Message>): Message;
}

export const principalId = "principal";

const create = {
  dispatch: createDispatchService,
  tasks: createTasksService,
  timers: createTimersService,
  promises: createPromisesService,
};
const services = Object.keys(create) as (keyof typeof create)[];

/** Two replicas of every service, complete with their loops, on one bus, one database, and a clock at rest. */
export class Cluster {
  readonly orgId = newId();
  readonly clock = new FakeClock();
  readonly caller: Caller = { orgId: this.orgId, principalType: "Worker", principalId };
  readonly bus: Bus;
  readonly observer: Database;
  readonly #serviceStops: (() => Promise<unknown>)[] = [];
  readonly #dropDatabase: () => Promise<void>;

  private constructor(bus: Bus, observer: Database, dropDatabase: () => Promise<void>) {
    this.bus = bus;
    this.observer = observer;
    this.#dropDatabase = dropDatabase;
  }

  static async start(): Promise<Cluster> {
    const log = createLogger({ service: "test", level: "silent" });
    const bus = createInProcessBus({ log });
    const database = await createTestDatabase();
    const observer = new Database({ url: database.url, poolMax: 6, applicationName: "observer" });
    const cluster = new Cluster(bus, observer, () => database.drop());
    const { clock } = cluster;
    const org = [{ id: cluster.orgId, name: "test", slug: "test", tier: "FREE" }];
    await upsertOrganizations(observer, { now: clock.now(), org });
    for (const name of [...services, ...services]) {
      const db = new Database({ url: database.url, poolMax: 8, applicationName: name });
      const context = {
        ...{ config: loadConfig({ env: {} }), bus, clock, log, db, knownQueues: createKnownQueues() },
        ...{
          lane: createBatchLane(2),
          metrics: createMetrics({ service: "test", processMetrics: false }),
          health: createHealth(),
        },
      };
      const service = create[name]({ ...context, random: () => 0.5 });
      await service.start();
      cluster.#serviceStops.push(
        () => db.close(),
        () => service.stop(),
      );
    }
    return cluster;
  }

  /** Moves the clock and lets the services look at it. */
  passTime(ms: number): void {
    this.clock.advance(ms);
    const now = this.clock.now();
    for (const service of ["timers", "promises", "tasks"] as const) hintDue(this.bus, service, [now], now);
  }

  /** Stops the services and closes their connections; the database can still be looked at. Idempotent. */
  async stopServices(): Promise<void> {
    for (const stop of this.#serviceStops.splice(0).reverse()) await stop();
  }

  async stop(): Promise<void> {
    await this.stopServices();
    await this.observer.close();
    await this.#dropDatabase();
  }

  send<Req>(service: ServiceName, operation: string, type: Codec<Req>, message: Partial<Req>): Promise<Uint8Array> {
    return this.bus.request({
      ...{ service, operation, caller: this.caller, requestId: "request", traceparent: "", timeoutMs: 20_000 },
      payload: type.encode(type.fromPartial(message)).finish(),
    });
  }

  async call<Req, Res>(
    service: ServiceName,
    operation: string,
    types: readonly [Codec<Req>, Codec<Res>],
    message: Partial<Req>,
  ): Promise<Res> {
    return types[1].decode(await this.send(service, operation, types[0], message));
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.observer.query({ text, values })).rows as Row[];
  }
}
