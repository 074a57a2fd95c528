import {
  type Caller,
  createInProcessBus,
  principalOf,
  type RequestHeader,
  type Serving,
  workSubject,
} from "@flovyn/bus";
import {
  createKnownQueues,
  Database,
  insertWorkflows,
  lockWorkflows,
  upsertOrganizations,
  WorkflowChanges,
} from "@flovyn/db";
import { newId, nothingKnown, partitionOf, type Submission, startWorkflow, submit } from "@flovyn/domain";
import { ClaimRequest, ClaimResponse, ReleaseRequest, ReleaseResponse } from "@flovyn/proto/internal";
import {
  CompleteTaskRequest,
  FailTaskRequest,
  HeartbeatRequest,
  PollTaskResponse,
  SubmitTaskRequest,
  SubmitTaskResponse,
  type TaskExecutionInfo,
} from "@flovyn/proto/v1";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig, routeRequests } from "@flovyn/runtime";
import { createTestDatabase, FakeClock } from "@flovyn/testing";
import { createBatches } from "../src/batches/index.js";
import type { TasksContext } from "../src/context.js";
import { createDelayedHints, type DelayedHints } from "../src/delayed-hints.js";
import { createRoutes } from "../src/handlers/index.js";

/** A protobuf message type. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  fromPartial(message: Partial<Message>): Message;
}

export const taskRpc = (name: string) => `flovyn.v1.TaskExecution/${name}`;

export interface ClaimOptions {
  queue?: string;
  kinds?: string[];
  pollers?: number;
  leaseMs?: number;
  worker?: string;
  /** Whose worker it is; by default that of the harness. */
  caller?: Caller;
}

/** Two replicas of the service, without their sweeps, on one in-process bus and one database of their own. */
export class Harness {
  readonly orgId = newId();
  readonly otherOrgId = newId();
  readonly clock = new FakeClock();
  readonly log = createLogger({ service: "test", level: "silent" });
  readonly bus = createInProcessBus({ log: this.log });
  readonly hints: DelayedHints = createDelayedHints(this.bus);
  readonly #stops: (() => Promise<unknown>)[] = [];
  #contexts: TasksContext[] = [];

  async start(replicas = 2): Promise<this> {
    const database = await createTestDatabase();
    this.#stops.push(() => database.drop());
    for (let replica = 0; replica < replicas; replica++) {
      const db = new Database({ url: database.url, poolMax: 4, applicationName: `tasks-${replica}` });
      this.#stops.push(() => db.close());
      const context: TasksContext = {
        config: loadConfig({ env: {} }),
        bus: this.bus,
        clock: this.clock,
        log: this.log,
        metrics: createMetrics({ service: "test", processMetrics: false }),
        health: createHealth(),
        db,
        knownQueues: createKnownQueues(),
        lane: createBatchLane(2),
        random: () => 0.5,
      };
      this.#contexts.push(context);
      const batches = createBatches(context, this.hints);
      const routes = createRoutes(context, batches, this.hints);
      const serving: Serving = await this.bus.serve("tasks", routeRequests(routes));
      this.#stops.push(async () => {
        await serving.stop();
        await Promise.all(Object.values(batches).map((batch) => batch.stop()));
      });
    }
    const org = [this.orgId, this.otherOrgId].map((id) => ({ id, name: id, slug: id, tier: "FREE" }));
    await upsertOrganizations(this.context.db, { now: this.clock.now(), org });
    return this;
  }

  async stop(): Promise<void> {
    this.hints.stop();
    for (const stop of this.#stops.reverse()) await stop();
  }

  get context(): TasksContext {
    return this.#contexts[0] as TasksContext;
  }

  get caller(): Caller {
    return { orgId: this.orgId, principalType: "Worker", principalId: "principal" };
  }

  /** Another principal of the same org. */
  get neighbour(): Caller {
    return { ...this.caller, principalId: "neighbour" };
  }

  /** The other org's credential. */
  get foreign(): Partial<RequestHeader> {
    return { caller: { orgId: this.otherOrgId, principalType: "User", principalId: "stranger" } };
  }

  async call<Req, Res>(
    operation: string,
    types: readonly [Codec<Req>, Codec<Res>],
    message: Partial<Req>,
    header: Partial<RequestHeader> = {},
  ): Promise<Res> {
    return types[1].decode(await this.send(operation, types[0], message, header));
  }

  /** A request whose answer is empty. */
  send<Req>(operation: string, type: Codec<Req>, message: Partial<Req>, header: Partial<RequestHeader> = {}) {
    const { caller } = this;
    return this.bus.request({
      ...{ service: "tasks", caller, requestId: "request", traceparent: "", timeoutMs: 20_000 },
      ...header,
      operation,
      payload: type.encode(type.fromPartial(message)).finish(),
    });
  }

  submit(message: Partial<SubmitTaskRequest> = {}, header?: Partial<RequestHeader>) {
    const task = { kind: "charge", input: Buffer.from('{"n":1.0}'), ...message };
    return this.call(taskRpc("SubmitTask"), [SubmitTaskRequest, SubmitTaskResponse], task, header);
  }

  async claim(options: ClaimOptions = {}) {
    const { queue = "default", kinds = [], pollers = 1, leaseMs = 0, worker = "worker" } = options;
    const principal = principalOf(options.caller ?? this.caller);
    const claimed = await this.call("internal/ClaimTasks", [ClaimRequest, ClaimResponse], {
      orgId: this.orgId,
      queue,
      kinds,
      pollers: Array.from({ length: pollers }, () => ({ workerId: worker, principal, leaseMs })),
    });
    return claimed.items.map((item) => PollTaskResponse.decode(item.response).task as TaskExecutionInfo);
  }

  /** Creates a task on a queue of its own and claims it. */
  async running(message: Partial<SubmitTaskRequest> = {}, claim: ClaimOptions = {}) {
    const queue = `q-${newId()}`;
    await this.submit({ queue, ...message });
    const [task] = await this.claim({ queue, ...claim });
    if (task === undefined) throw new Error("nothing was claimed");
    return task;
  }

  complete(message: Partial<CompleteTaskRequest>, header?: Partial<RequestHeader>) {
    return this.send(taskRpc("CompleteTask"), CompleteTaskRequest, { output: Buffer.from("1"), ...message }, header);
  }

  fail(message: Partial<FailTaskRequest>, header?: Partial<RequestHeader>) {
    return this.send(taskRpc("FailTask"), FailTaskRequest, { error: "no", ...message }, header);
  }

  heartbeat(message: Partial<HeartbeatRequest>, header?: Partial<RequestHeader>) {
    return this.send(taskRpc("Heartbeat"), HeartbeatRequest, message, header);
  }

  async release(id: string, claimEpoch: number): Promise<number> {
    const items = [{ id, claimEpoch }];
    return (await this.call("internal/ReleaseTasks", [ReleaseRequest, ReleaseResponse], { items })).released;
  }

  /** A workflow that waits for tasks it scheduled, as dispatch leaves it. */
  async waitingWorkflow(tasks: number, status: "RUNNING" | "SUSPENDED" | "FAILED" = "SUSPENDED") {
    const id = newId();
    const queue = `w-${id}`;
    const now = this.clock.now();
    const started = startWorkflow(
      {
        ...{ id, orgId: this.orgId, kind: "order", queue, input: Buffer.from("1"), version: null, parentId: null },
        ...{ childName: null, initiatedSequence: null },
        ...{
          partitionKey: partitionOf(id),
          rootExecutionId: id,
          traceparent: "",
          hasIdempotencyKey: false,
          createdAtMs: now,
        },
      },
      { type: "user", id: "test" },
    );
    const { db } = this.context;
    const facts = { input: Buffer.from("1"), metadata: "{}", priorityMs: 0, version: null, createdBy: "test" };
    await insertWorkflows(db, now, [{ change: started, ...facts }]);
    await db.query({
      text: "update workflow_execution set status = 'RUNNING', claim_epoch = 1, worker_id = 'w' where id = $1",
      values: [id],
    });
    const taskIds: string[] = [];
    for (let task = 0; task < tasks; task++) taskIds.push(await this.#attach(id, queue));
    if (status !== "RUNNING") {
      const outcome: Submission["outcome"] =
        status === "FAILED" ? { type: "FAILED", error: "no", stackTrace: "", failureType: "" } : { type: "SUSPENDED" };
      await db.transaction(async (tx) => {
        const changes = new WorkflowChanges(await lockWorkflows(tx, [id]));
        const workflow = changes.get(id);
        if (workflow !== undefined) changes.add(submit(workflow, { commands: [], outcome }, nothingKnown, now));
        changes.write(tx, now);
      });
    }
    return { id, queue, taskIds };
  }

  /** A task that stands in the history of its workflow, as if SCHEDULE_TASK had made it. */
  async #attach(workflowExecutionId: string, queue: string): Promise<string> {
    const { taskExecutionId } = await this.submit({ workflowExecutionId, queue });
    await this.rows("update task_execution set scheduled_sequence = 2 where id = $1", [taskExecutionId]);
    return taskExecutionId;
  }

  async rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.context.db.query({ text, values })).rows as Row[];
  }

  async row<Row = Record<string, unknown>>(id: string): Promise<Row> {
    const [row] = await this.rows<Row>("select * from task_execution where id = $1", [id]);
    if (row === undefined) throw new Error(`there is no task ${id}`);
    return row;
  }

  async events(workflowId: string): Promise<string[]> {
    const rows = await this.rows<{ type: string }>(
      "select event_type as type from workflow_event where workflow_execution_id = $1 order by sequence_number",
      [workflowId],
    );
    return rows.map((row) => row.type);
  }

  /** Hints that arrive for a queue, counted from now. */
  async hintsOf(kind: "workflow" | "task", queue: string): Promise<{ count(): Promise<number> }> {
    let hints = 0;
    // What was published before does not count.
    await this.bus.flush();
    await this.bus.subscribe(workSubject(kind, this.orgId, queue), () => {
      hints += 1;
    });
    return {
      count: async () => {
        await this.bus.flush();
        const counted = hints;
        hints = 0;
        return counted;
      },
    };
  }
}
