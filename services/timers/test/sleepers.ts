import { createInProcessBus } from "@flovyn/bus";
import {
  Database,
  insertTimers,
  insertWorkflows,
  lockWorkflows,
  upsertOrganizations,
  WorkflowChanges,
} from "@flovyn/db";
import { claim, newId, nothingKnown, partitionOf, startWorkflow, submit, type Workflow } from "@flovyn/domain";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig } from "@flovyn/runtime";
import { createTestDatabase, FakeClock, type TestDatabase } from "@flovyn/testing";
import type { TimersContext } from "../src/context.js";

const actor = { type: "worker", id: "worker" } as const;

/** A database with sleeping workflows, and contexts of replicas that fire their timers. */
export class Sleepers {
  readonly orgId = newId();
  readonly clock = new FakeClock();
  readonly bus = createInProcessBus({ log: createLogger({ service: "test", level: "silent" }) });
  readonly contexts: TimersContext[] = [];
  readonly #database: TestDatabase;

  private constructor(database: TestDatabase) {
    this.#database = database;
  }

  static async start(replicas = 2): Promise<Sleepers> {
    const database = await createTestDatabase();
    const sleepers = new Sleepers(database);
    for (let replica = 0; replica < replicas; replica++) {
      sleepers.contexts.push({
        ...{ config: loadConfig({ env: {} }), bus: sleepers.bus, clock: sleepers.clock },
        ...{
          log: createLogger({ service: "test", level: "silent" }),
          lane: createBatchLane(2),
          health: createHealth(),
        },
        metrics: createMetrics({ service: "test", processMetrics: false }),
        db: new Database({ url: database.url, poolMax: 4, applicationName: `timers-${replica}` }),
      });
    }
    const org = [{ id: sleepers.orgId, name: "test", slug: "test", tier: "FREE" }];
    await upsertOrganizations(sleepers.db, { now: sleepers.clock.now(), org });
    return sleepers;
  }

  get db(): Database {
    return (this.contexts[0] as TimersContext).db;
  }

  async stop(): Promise<void> {
    for (const { db } of this.contexts) await db.close();
    await this.#database.drop();
  }

  /** A workflow that waits for timers of these durations, on its own queue. */
  async sleeping(...durationsMs: number[]): Promise<{ id: string; queue: string }> {
    const now = this.clock.now();
    const id = newId();
    const queue = `q-${id}`;
    const started = startWorkflow(
      {
        ...{ id, orgId: this.orgId, kind: "order", queue, input: Buffer.from("1"), version: null, parentId: null },
        ...{ childName: null, initiatedSequence: null, partitionKey: partitionOf(id), rootExecutionId: id },
        ...{ traceparent: "", hasIdempotencyKey: false, createdAtMs: now },
      },
      actor,
    );
    const facts = { input: Buffer.from("1"), metadata: "{}", priorityMs: 0, version: null, createdBy: "test" };
    await insertWorkflows(this.db, now, [{ change: started, ...facts }]);
    await this.db.transaction(async (tx) => {
      const changes = new WorkflowChanges(await lockWorkflows(tx, [id]));
      changes.add(claim(changes.get(id) as Workflow, "worker"));
      const commands = durationsMs.map((durationMs, n) => ({
        ...{ type: "START_TIMER" as const, timerId: `sleep-${n}`, durationMs },
      }));
      const outcome = { type: "SUSPENDED" } as const;
      const change = submit(changes.get(id) as Workflow, { commands, outcome }, nothingKnown, now);
      changes.add(change);
      const timer = change.effects.timers.map(({ fireAtMs, ...one }) => ({
        ...{ id: newId(), orgId: this.orgId, workflowId: id, run: 1, fireAt: fireAtMs },
        ...one,
      }));
      await insertTimers(tx, { now, timer });
      changes.write(tx, now);
    });
    return { id, queue };
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.db.query({ text, values })).rows as Row[];
  }

  /** Ids of the timers that fired according to the history of a workflow, in order. */
  async fired({ id }: { id: string }): Promise<string[]> {
    const rows = await this.rows<{ data: string }>(
      `select convert_from(event_data, 'UTF8') as data from workflow_event
       where workflow_execution_id = $1 and event_type = 'TIMER_FIRED' order by sequence_number`,
      [id],
    );
    return rows.map(({ data }) => JSON.parse(data).timerId);
  }
}
