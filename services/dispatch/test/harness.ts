import {
  type Bus,
  type Caller,
  createInProcessBus,
  type HintSubject,
  principalOf,
  type RequestHeader,
  type Serving,
  workSubject,
} from "@flovyn/bus";
import { createKnownQueues, Database, upsertOrganizations } from "@flovyn/db";
import { newId } from "@flovyn/domain";
import { ClaimRequest, ClaimResponse } from "@flovyn/proto/internal";
import {
  CommandType,
  GetEventsRequest,
  GetEventsResponse,
  PollResponse,
  StartWorkflowRequest,
  StartWorkflowResponse,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  type WorkflowExecution,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import {
  ActiveOrgs,
  createBatchLane,
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  routeRequests,
} from "@flovyn/runtime";
import { createTestDatabase, FakeClock } from "@flovyn/testing";
import { createBatches } from "../src/batches/index.js";
import type { DispatchContext } from "../src/context.js";
import { createRoutes } from "../src/handlers/index.js";
import { LongReads } from "../src/long-reads.js";

/** A protobuf message type. */
interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  fromPartial(message: Partial<Message>): Message;
}

const v1 = "flovyn.v1.WorkflowDispatch";
export const dispatchRpc = (name: string) => `${v1}/${name}`;

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
  readonly bus: Bus;
  readonly #stops: (() => Promise<unknown>)[] = [];
  #contexts: DispatchContext[] = [];

  constructor() {
    const log = createLogger({ service: "test", level: "silent" });
    this.bus = createInProcessBus({ log });
  }

  async start(replicas = 2): Promise<this> {
    const database = await createTestDatabase();
    this.#stops.push(() => database.drop());
    for (let replica = 0; replica < replicas; replica++) {
      const db = new Database({ url: database.url, poolMax: 4, applicationName: `dispatch-${replica}` });
      this.#stops.push(() => db.close());
      const context: DispatchContext = {
        config: loadConfig({ env: {} }),
        bus: this.bus,
        clock: this.clock,
        log: createLogger({ service: "test", level: "silent" }),
        metrics: createMetrics({ service: "test", processMetrics: false }),
        health: createHealth(),
        db,
        knownQueues: createKnownQueues(),
        lane: createBatchLane(2),
      };
      this.#contexts.push(context);
      const batches = createBatches(context);
      const now = () => performance.now();
      const longReads = new LongReads({ db, orgs: new ActiveOrgs(now), now });
      const serving: Serving = await this.bus.serve(
        "dispatch",
        routeRequests(createRoutes(context, batches, longReads)),
      );
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
    for (const stop of this.#stops.reverse()) await stop();
  }

  get context(): DispatchContext {
    return this.#contexts[0] as DispatchContext;
  }

  /** One for each replica. */
  get contexts(): readonly DispatchContext[] {
    return this.#contexts;
  }

  get caller(): Caller {
    return { orgId: this.orgId, principalType: "Worker", principalId: "principal" };
  }

  /** Another principal of the same org. */
  get neighbour(): Caller {
    return { ...this.caller, principalId: "neighbour" };
  }

  /** One request as the gateway sends it; the answer undecoded. */
  raw(operation: string, payload: Uint8Array, header: Partial<RequestHeader> = {}): Promise<Uint8Array> {
    const { caller } = this;
    return this.bus.request({
      ...{ service: "dispatch", caller, requestId: "request", traceparent: "", timeoutMs: 20_000 },
      ...header,
      operation,
      payload,
    });
  }

  async call<Req, Res>(
    operation: string,
    types: readonly [Codec<Req>, Codec<Res>],
    message: Partial<Req>,
    header: Partial<RequestHeader> = {},
  ): Promise<Res> {
    const payload = types[0].encode(types[0].fromPartial(message)).finish();
    return types[1].decode(await this.raw(operation, payload, header));
  }

  /** The other org's credential. */
  get foreign(): Partial<RequestHeader> {
    return { caller: { orgId: this.otherOrgId, principalType: "User", principalId: "stranger" } };
  }

  startWorkflow(message: Partial<StartWorkflowRequest> = {}, header?: Partial<RequestHeader>) {
    const start = { workflowKind: "order", input: Buffer.from('{"n":1.0}'), ...message };
    return this.call(dispatchRpc("StartWorkflow"), [StartWorkflowRequest, StartWorkflowResponse], start, header);
  }

  async claim(options: ClaimOptions = {}) {
    const { queue = "default", kinds = [], pollers = 1, leaseMs = 0, worker = "worker" } = options;
    const principal = principalOf(options.caller ?? this.caller);
    const claimed = await this.call("internal/ClaimWorkflows", [ClaimRequest, ClaimResponse], {
      orgId: this.orgId,
      queue,
      kinds,
      pollers: Array.from({ length: pollers }, () => ({ workerId: worker, principal, leaseMs })),
    });
    return claimed.items.map((item) => PollResponse.decode(item.response).workflowExecution as WorkflowExecution);
  }

  /** Starts a workflow and claims it. */
  async running(message: Partial<StartWorkflowRequest> = {}, claim: ClaimOptions = {}) {
    const queue = `q-${newId()}`;
    await this.startWorkflow({ queue, ...message });
    const [execution] = await this.claim({ queue: message.queue ?? queue, ...claim });
    if (execution === undefined) throw new Error("nothing was claimed");
    return execution;
  }

  async submit(message: Partial<SubmitWorkflowCommandsRequest>, header?: Partial<RequestHeader>): Promise<void> {
    const request = SubmitWorkflowCommandsRequest.fromPartial({ status: WorkflowStatus.SUSPENDED, ...message });
    await this.raw(
      dispatchRpc("SubmitWorkflowCommands"),
      SubmitWorkflowCommandsRequest.encode(request).finish(),
      header,
    );
  }

  async events(id: string): Promise<string[]> {
    const types = [GetEventsRequest, GetEventsResponse] as const;
    const { events } = await this.call(dispatchRpc("GetEvents"), types, { workflowExecutionId: id });
    return events.map((event) => event.eventType);
  }

  async rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.context.db.query({ text, values })).rows as Row[];
  }

  async status(id: string): Promise<string | undefined> {
    const [row] = await this.rows<{ status: string }>("select status from workflow_execution where id = $1", [id]);
    return row?.status;
  }

  /** Hints that arrive for a queue, counted from now. */
  async hints(kind: "workflow" | "task", queue: string): Promise<{ count(): Promise<number> }> {
    return this.subscribe(workSubject(kind, this.orgId, queue));
  }

  async subscribe(subject: HintSubject): Promise<{ count(): Promise<number>; payloads: Uint8Array[] }> {
    const payloads: Uint8Array[] = [];
    // What was published before does not count.
    await this.bus.flush();
    await this.bus.subscribe(subject, (payload) => payloads.push(payload));
    return {
      payloads,
      count: async () => {
        await this.bus.flush();
        return payloads.splice(0).length;
      },
    };
  }
}

export const command = {
  record: (operationName: string, result: string): WorkflowCommand => ({
    commandType: CommandType.RECORD_OPERATION,
    sequenceNumber: 1,
    commandData: { $case: "recordOperation", value: { operationName, result: Buffer.from(result) } },
  }),
  setState: (key: string, value: string): WorkflowCommand => ({
    commandType: CommandType.SET_STATE,
    sequenceNumber: 1,
    commandData: { $case: "setState", value: { key, value: Buffer.from(value) } },
  }),
  clearState: (key: string): WorkflowCommand => ({
    commandType: CommandType.CLEAR_STATE,
    sequenceNumber: 1,
    commandData: { $case: "clearState", value: { key } },
  }),
  schedule: (taskExecutionId: string, more: Record<string, unknown> = {}): WorkflowCommand => ({
    commandType: CommandType.SCHEDULE_TASK,
    sequenceNumber: 1,
    commandData: {
      $case: "scheduleTask",
      value: { kind: "charge", input: Buffer.from("1"), taskExecutionId, ...more },
    },
  }),
  scheduleChild: (childWorkflowExecutionId: string, childExecutionName: string, queue: string): WorkflowCommand => ({
    commandType: CommandType.SCHEDULE_CHILD_WORKFLOW,
    sequenceNumber: 1,
    commandData: {
      $case: "scheduleChildWorkflow",
      value: {
        ...{ childWorkflowExecutionId, childExecutionName, workflowKind: "child", input: Buffer.from("1") },
        ...{ queue, prioritySeconds: 0 },
      },
    },
  }),
  complete: (output: string): WorkflowCommand => ({
    commandType: CommandType.COMPLETE_WORKFLOW,
    sequenceNumber: 1,
    commandData: { $case: "completeWorkflow", value: { output: Buffer.from(output) } },
  }),
  fail: (error: string): WorkflowCommand => ({
    commandType: CommandType.FAIL_WORKFLOW,
    sequenceNumber: 1,
    commandData: { $case: "failWorkflow", value: { error, stackTrace: "at run", failureType: "Error" } },
  }),
};
