import { createInProcessBus } from "@flovyn/bus";
import {
  Database,
  insertPromises,
  insertWorkflows,
  lockWorkflows,
  upsertOrganizations,
  WorkflowChanges,
} from "@flovyn/db";
import { claim, newId, nothingKnown, partitionOf, startWorkflow, submit, type Workflow } from "@flovyn/domain";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig } from "@flovyn/runtime";
import { createTestDatabase, FakeClock, type TestDatabase } from "@flovyn/testing";
import type { PromisesContext } from "../src/context.js";

const actor = { type: "worker", id: "worker" } as const;

/** A database with workflows that wait for promises, and contexts of replicas that settle them. */
export class Promisers {
  readonly orgId = newId();
  readonly otherOrgId = newId();
  readonly clock = new FakeClock();
  readonly bus = createInProcessBus({ log: createLogger({ service: "test", level: "silent" }) });
  readonly contexts: PromisesContext[] = [];
  readonly #database: TestDatabase;

  private constructor(database: TestDatabase) {
    this.#database = database;
  }

  static async start(replicas = 2): Promise<Promisers> {
    const database = await createTestDatabase();
    const promisers = new Promisers(database);
    for (let replica = 0; replica < replicas; replica++) {
      promisers.contexts.push({
        ...{ config: loadConfig({ env: {} }), bus: promisers.bus, clock: promisers.clock },
        ...{
          log: createLogger({ service: "test", level: "silent" }),
          lane: createBatchLane(2),
          health: createHealth(),
        },
        metrics: createMetrics({ service: "test", processMetrics: false }),
        db: new Database({ url: database.url, poolMax: 4, applicationName: `promises-${replica}` }),
      });
    }
    const org = [promisers.orgId, promisers.otherOrgId].map((id) => ({ id, name: "test", slug: id, tier: "FREE" }));
    await upsertOrganizations(promisers.db, { now: promisers.clock.now(), org });
    return promisers;
  }

  get db(): Database {
    return (this.contexts[0] as PromisesContext).db;
  }

  async stop(): Promise<void> {
    for (const { db } of this.contexts) await db.close();
    await this.#database.drop();
  }

  /** A workflow that waits for promises of these names, on its own queue; the ids of the promises. */
  async promising(names: readonly string[], timeoutMs: number | null = null, orgId = this.orgId) {
    const now = this.clock.now();
    const id = newId();
    const queue = `q-${id}`;
    const started = startWorkflow(
      {
        ...{ id, orgId, kind: "order", queue, input: Buffer.from("1"), version: null, parentId: null },
        ...{ childName: null, initiatedSequence: null, partitionKey: partitionOf(id), rootExecutionId: id },
        ...{ traceparent: "", hasIdempotencyKey: false, createdAtMs: now },
      },
      actor,
    );
    const facts = { input: Buffer.from("1"), metadata: "{}", priorityMs: 0, version: null, createdBy: "test" };
    await insertWorkflows(this.db, now, [{ change: started, ...facts }]);
    const promiseIds = names.map(() => newId());
    await this.db.transaction(async (tx) => {
      const changes = new WorkflowChanges(await lockWorkflows(tx, [id]));
      changes.add(claim(changes.get(id) as Workflow, "worker"));
      const commands = names.map((name, n) => ({
        ...{ type: "CREATE_PROMISE" as const, name, timeoutMs, promiseId: promiseIds[n] as string },
        ...{ idempotencyKey: null, keyTtlSeconds: 1 },
      }));
      const outcome = { type: "SUSPENDED" } as const;
      const change = submit(changes.get(id) as Workflow, { commands, outcome }, nothingKnown, now);
      changes.add(change);
      const promise = change.effects.promises.map(({ promiseId, name, timeoutAtMs, createdSequence }) => ({
        ...{ id: promiseId, orgId, workflowId: id, run: 1, name, timeoutAt: timeoutAtMs, createdSequence },
      }));
      await insertPromises(tx, { now, promise });
      changes.write(tx, now);
    });
    return { id, queue, promiseIds };
  }

  /** Type and promise of the settlements in the history of a workflow, in order. */
  async settlements({ id }: { id: string }): Promise<[type: string, promiseId: string][]> {
    const { rows } = await this.db.query({
      text: `select event_type as type, convert_from(event_data, 'UTF8') as data from workflow_event
        where workflow_execution_id = $1 and event_type in ('PROMISE_RESOLVED', 'PROMISE_REJECTED', 'PROMISE_TIMEOUT')
        order by sequence_number`,
      values: [id],
    });
    return rows.map(({ type, data }) => [type, JSON.parse(data).promiseId]);
  }
}
