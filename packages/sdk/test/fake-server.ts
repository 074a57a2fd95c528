import { randomUUID } from "node:crypto";
import {
  type ReportActivationFailureRequest,
  WorkflowClientDefinition,
  WorkflowWorkerDefinition,
} from "@flovyn/proto/ext";
import {
  type CompleteTaskRequest,
  type FailTaskRequest,
  type StartWorkflowRequest,
  type SubmitWorkflowCommandsRequest,
  TaskExecutionDefinition,
  type TaskExecutionInfo,
  WorkerLifecycleDefinition,
  WorkflowDispatchDefinition,
  WorkflowQueryDefinition,
} from "@flovyn/proto/v1";
import { type ServerUnaryCall, type ServerWritableStream, status } from "@grpc/grpc-js";
import { FakeExecution } from "./fake-execution.js";
import { messageHandlers } from "./fake-messages.js";
import { GrpcDoor, Refusal } from "./grpc-door.js";

export const orgId = "0192f0c1-2f6e-7c7a-9a3b-000000000001";
export const token = "fwt_test";

interface FakeTask {
  readonly info: TaskExecutionInfo;
  readonly workflow: FakeExecution | undefined;
  status: "PENDING" | "RUNNING" | "ENDED";
}

type UnaryCall = ServerUnaryCall<unknown, unknown>;

/** A server in memory with one queue, as far as the worker and the client of the SDK need one. */
export class FakeServer {
  readonly door: GrpcDoor;
  readonly executions = new Map<string, FakeExecution>();
  readonly tasks = new Map<string, FakeTask>();
  readonly sessions = new Set<ServerWritableStream<unknown, unknown>>();
  /** Lease of tasks handed out, in ms. */
  leaseMs = 30_000;
  readonly #keys = new Map<string, string>();
  readonly #state = new Map<string, Buffer>();
  /** Called when something may have changed for a call that waits. */
  readonly #waiting = new Set<() => void>();

  constructor(missing: readonly string[] = []) {
    const handlers = Object.entries({
      RegisterWorker: (_request: unknown, call: UnaryCall) => this.#register(call),
      SendHeartbeat: () => ({}),
      SubscribeToNotifications: (stream: ServerWritableStream<unknown, unknown>) => this.#subscribe(stream),
      StartWorkflow: (request: StartWorkflowRequest) => this.start(request),
      PollWorkflow: (_request: unknown, call: UnaryCall) =>
        this.#hold(call, () => this.#claimWorkflow()).then((workflowExecution) => ({ workflowExecution })),
      PollTask: (_request: unknown, call: UnaryCall) =>
        this.#hold(call, () => this.#claimTask()).then((task) => ({ task })),
      GetEvents: ({ workflowExecutionId }: { workflowExecutionId: string }) => this.#events(workflowExecutionId),
      SubmitWorkflowCommands: (request: SubmitWorkflowCommandsRequest) => this.#submit(request),
      ReportActivationFailure: (request: ReportActivationFailureRequest) => this.#holdBack(request),
      CompleteTask: (request: CompleteTaskRequest) =>
        this.#endTask(request, (workflow, id) =>
          workflow.simulated.completeTask(id, JSON.parse(String(request.output))),
        ),
      FailTask: (request: FailTaskRequest) =>
        this.#endTask(request, (workflow, id) => workflow.simulated.failTask(id, request.error)),
      Heartbeat: () => ({}),
      ReportProgress: () => ({}),
      LogMessage: () => ({}),
      StreamTaskData: () => ({ acknowledged: true }),
      GetState: ({ key }: { key: string }) => ({ found: this.#state.has(key), value: this.#state.get(key) }),
      SetState: ({ key, value }: { key: string; value: Buffer }) => {
        this.#state.set(key, value);
        return {};
      },
      ClearState: ({ key }: { key: string }) => {
        this.#state.delete(key);
        return {};
      },
      ClearAllState: () => {
        this.#state.clear();
        return {};
      },
      GetStateKeys: () => ({ keys: [...this.#state.keys()] }),
      AwaitResult: (
        { workflowExecutionId, holdMs }: { workflowExecutionId: string; holdMs: number },
        call: UnaryCall,
      ) => this.#awaitResult(workflowExecutionId, holdMs, call),
      CancelWorkflow: (request: { workflowExecutionId: string; reason: string }) => this.#cancel(request),
      ...messageHandlers(this),
    }).filter(([name]) => !missing.includes(name));
    const services = [
      WorkflowDispatchDefinition,
      WorkflowQueryDefinition,
      TaskExecutionDefinition,
      WorkerLifecycleDefinition,
      WorkflowClientDefinition,
      WorkflowWorkerDefinition,
    ];
    this.door = new GrpcDoor(services, Object.fromEntries(handlers));
  }

  execution(id: string): FakeExecution {
    const execution = this.executions.get(id);
    if (execution === undefined) throw new Refusal(status.NOT_FOUND, `workflow ${id} does not exist`);
    return execution;
  }

  /** Adds a task that no workflow waits for, and gives its id. */
  addTask(kind: string, input: unknown): string {
    const id = randomUUID();
    this.#addTask({ id, kind, input: Buffer.from(JSON.stringify(input)), maxRetries: 3 }, undefined);
    this.changed();
    return id;
  }

  /** Takes a task for lost, as the server does when its lease runs out. */
  takeBack(id: string): void {
    const task = this.tasks.get(id);
    if (task !== undefined) task.status = "PENDING";
    this.changed();
  }

  #register(call: UnaryCall) {
    const given = call.metadata.get("authorization")[0];
    if (given !== `Bearer ${token}`) throw new Refusal(status.UNAUTHENTICATED, "the key is not known");
    return { workerId: randomUUID(), success: true };
  }

  #subscribe(stream: ServerWritableStream<unknown, unknown>): void {
    this.sessions.add(stream);
    stream.once("cancelled", () => this.sessions.delete(stream));
  }

  start(request: Pick<StartWorkflowRequest, "workflowKind" | "queue" | "input" | "idempotencyKey">) {
    const { workflowKind: kind, queue, input, idempotencyKey: key } = request;
    const known = key === undefined ? undefined : this.#keys.get(key);
    if (known !== undefined) {
      return { workflowExecutionId: known, idempotencyKeyUsed: true, idempotencyKeyNew: false };
    }
    const execution = new FakeExecution({ kind, queue, input });
    this.executions.set(execution.id, execution);
    if (key !== undefined) this.#keys.set(key, execution.id);
    this.changed();
    return { workflowExecutionId: execution.id, idempotencyKeyUsed: key !== undefined, idempotencyKeyNew: true };
  }

  #claimWorkflow() {
    for (const execution of this.executions.values()) {
      if (execution.status === "PENDING") return execution.claim(orgId);
    }
    return undefined;
  }

  #claimTask(): TaskExecutionInfo | undefined {
    for (const task of this.tasks.values()) {
      if (task.status !== "PENDING") continue;
      task.status = "RUNNING";
      task.info.claimEpoch += 1;
      task.info.executionCount += 1;
      return task.info;
    }
    return undefined;
  }

  #events(id: string) {
    const events = this.execution(id).simulated.events;
    return {
      events: events.map(({ sequence, type, data }) => ({
        sequenceNumber: sequence,
        eventType: type,
        eventData: Buffer.from(data),
      })),
    };
  }

  #submit(request: SubmitWorkflowCommandsRequest) {
    const execution = this.execution(request.workflowExecutionId);
    if (request.claimEpoch !== execution.claimEpoch) throw new Refusal(status.ABORTED, "another claim holds it");
    // A repeat of a report that was applied, whose answer was lost.
    if (execution.status !== "RUNNING") return {};
    execution.submit(request);
    for (const { commandData } of request.commands) {
      if (commandData?.$case !== "scheduleTask") continue;
      const { taskExecutionId: id, kind, input, maxRetries } = commandData.value;
      this.#addTask({ id, kind, input, maxRetries: maxRetries ?? 3 }, execution);
    }
    this.changed();
    return {};
  }

  /** Keeps the execution until a test hands it out again. */
  #holdBack({ workflowExecutionId, claimEpoch }: ReportActivationFailureRequest) {
    const execution = this.execution(workflowExecutionId);
    if (claimEpoch !== execution.claimEpoch) throw new Refusal(status.ABORTED, "another claim holds it");
    execution.status = "WAITING";
    return { failures: 1, nextTryAtMs: Date.now() + 1000 };
  }

  /** Hands out once more what a worker could not run. */
  tryAgain(id: string): void {
    this.execution(id).status = "PENDING";
    this.changed();
  }

  #addTask(
    task: { id: string; kind: string; input: Buffer; maxRetries: number },
    workflow: FakeExecution | undefined,
  ): void {
    const info: TaskExecutionInfo = {
      taskExecutionId: task.id,
      kind: task.kind,
      input: task.input,
      workflowExecutionId: workflow?.id ?? "",
      executionCount: 0,
      queue: "default",
      traceparent: "",
      claimEpoch: 0,
      leaseMs: this.leaseMs,
      maxRetries: task.maxRetries,
    };
    this.tasks.set(task.id, { info, workflow, status: "PENDING" });
  }

  /** Every failure is final here: how often a task is tried again is the business of the real server. */
  #endTask(
    request: { taskExecutionId: string; claimEpoch?: number | undefined },
    end: (workflow: FakeExecution, taskId: string) => void,
  ) {
    const task = this.tasks.get(request.taskExecutionId);
    if (task === undefined) throw new Refusal(status.NOT_FOUND, "the task does not exist");
    if (request.claimEpoch !== task.info.claimEpoch) throw new Refusal(status.ABORTED, "another claim holds it");
    if (task.status === "ENDED") return {};
    task.status = "ENDED";
    if (task.workflow !== undefined) {
      end(task.workflow, task.info.taskExecutionId);
      task.workflow.wake();
    }
    this.changed();
    return {};
  }

  async #awaitResult(id: string, holdMs: number, call: UnaryCall) {
    const execution = this.execution(id);
    await this.#until(call, holdMs, () => (execution.ended ? true : undefined));
    const { status: reached, simulated, cancelReason } = execution;
    if (reached === "COMPLETED") return { status: reached, output: Buffer.from(JSON.stringify(simulated.result)) };
    if (reached === "FAILED") return { status: reached, error: String(simulated.result) };
    if (reached === "CANCELLED") return { status: reached, error: cancelReason };
    return { status: reached };
  }

  #cancel({ workflowExecutionId, reason }: { workflowExecutionId: string; reason: string }) {
    const execution = this.execution(workflowExecutionId);
    const cancelled = !execution.ended;
    if (cancelled) {
      execution.status = "CANCELLED";
      execution.cancelReason = reason;
      execution.simulated.append("WORKFLOW_CANCELLED", { reason });
      this.changed();
    }
    return { cancelled, status: execution.status };
  }

  #hold<Value>(call: UnaryCall, look: () => Value | undefined): Promise<Value | undefined> {
    return this.#until(call, Number(call.metadata.get("flovyn-poll-hold-ms")[0] ?? 0), look);
  }

  #until<Value>(call: UnaryCall, holdMs: number, look: () => Value | undefined): Promise<Value | undefined> {
    return new Promise((resolve) => {
      const end = (value: Value | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(again);
        resolve(value);
      };
      const again = () => {
        if (call.cancelled) return end(undefined);
        const value = look();
        if (value !== undefined) end(value);
      };
      const timer = setTimeout(end, holdMs, undefined);
      call.once("cancelled", () => end(undefined));
      this.#waiting.add(again);
      again();
    });
  }

  changed(): void {
    for (const again of [...this.#waiting]) again();
  }
}
