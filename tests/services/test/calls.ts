import { type Caller, principalOf } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import {
  ClaimRequest,
  ClaimResponse,
  GetPromiseRequest,
  GetWorkflowStateRequest,
  GetWorkflowStateResponse,
  PromiseView,
  ReleaseRequest,
  ReleaseResponse,
  SettlePromiseRequest,
  SettlePromiseResponse,
} from "@flovyn/proto/internal";
import {
  CompleteTaskRequest,
  FailTaskRequest,
  GetEventsRequest,
  GetEventsResponse,
  HeartbeatRequest,
  QueryWorkflowRequest,
  QueryWorkflowResponse,
  RejectPromiseRequest,
  ResolvePromiseRequest,
  SignalWithStartWorkflowRequest,
  SignalWithStartWorkflowResponse,
  SignalWorkflowRequest,
  SignalWorkflowResponse,
  StartChildWorkflowRequest,
  StartChildWorkflowResponse,
  StartWorkflowRequest,
  StartWorkflowResponse,
  SubmitTaskRequest,
  SubmitTaskResponse,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import type { Cluster } from "./cluster.js";
import { command } from "./commands.js";

const dispatchRpc = (name: string) => `flovyn.v1.WorkflowDispatch/${name}`;
const taskRpc = (name: string) => `flovyn.v1.TaskExecution/${name}`;
export const worker = "worker";

/** An execution and the queue, its own unless a test shares one, on which it is handed out. */
export interface Execution {
  id: string;
  queue: string;
}

/** A claimed workflow or task. */
export interface Claimed extends Execution {
  claimEpoch: number;
}

export interface Event {
  sequence: number;
  type: string;
  /** Event data exactly as the server sends it. */
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an event holds depends on its type, and tests read single keys.
  data: any;
}

/** What clients and workers call, in few words. One for each caller. */
export class Calls {
  readonly #cluster: Cluster;
  readonly #caller: Caller;

  constructor(cluster: Cluster, caller: Caller = cluster.caller) {
    this.#cluster = cluster;
    this.#caller = caller;
  }

  async start(message: Partial<StartWorkflowRequest> = {}): Promise<Execution & { isNew: boolean }> {
    const queue = message.queue ?? `q-${newId()}`;
    const request = { workflowKind: "order", input: Buffer.from("1"), ...message, queue };
    const types = [StartWorkflowRequest, StartWorkflowResponse] as const;
    const started = await this.#cluster.call("dispatch", dispatchRpc("StartWorkflow"), types, request, this.#caller);
    return { id: started.workflowExecutionId, queue, isNew: started.idempotencyKeyNew };
  }

  /** What a poll of the queue hands out, if anything. */
  async poll(service: "dispatch" | "tasks", queue: string, pollers = 1): Promise<Claimed[]> {
    const items = await this.pollRaw(service, queue, pollers);
    return items.map(({ id, claimEpoch }) => ({ id, queue, claimEpoch }));
  }

  /** The same with the answers that go to workers. */
  async pollRaw(service: "dispatch" | "tasks", queue: string, pollers = 1): Promise<ClaimResponse["items"]> {
    const operation = service === "dispatch" ? "internal/ClaimWorkflows" : "internal/ClaimTasks";
    const request = {
      ...{ orgId: this.#caller.orgId, queue, kinds: [] },
      pollers: Array.from({ length: pollers }, () => ({
        workerId: worker,
        principal: principalOf(this.#caller),
        leaseMs: 0,
      })),
    };
    const types = [ClaimRequest, ClaimResponse] as const;
    return (await this.#cluster.call(service, operation, types, request, this.#caller)).items;
  }

  /** Polls until something is handed out: a poll passes over a row that somebody locks for a moment. */
  async claim({ queue }: { queue: string }): Promise<Claimed> {
    return waitFor(`work on ${queue}`, async () => (await this.poll("dispatch", queue))[0]);
  }

  async claimTask(queue: string): Promise<Claimed> {
    return waitFor(`a task on ${queue}`, async () => (await this.poll("tasks", queue))[0]);
  }

  async submit(
    { id, claimEpoch }: { id: string; claimEpoch?: number },
    commands: readonly WorkflowCommand[] = [],
    more: Partial<SubmitWorkflowCommandsRequest> = {},
  ): Promise<void> {
    const request = {
      ...{ workflowExecutionId: id, commands: [...commands], status: WorkflowStatus.SUSPENDED, claimEpoch, ...more },
    };
    const operation = dispatchRpc("SubmitWorkflowCommands");
    await this.#cluster.send("dispatch", operation, SubmitWorkflowCommandsRequest, request, this.#caller);
  }

  /** One activation: claims the execution and submits. */
  async activate(
    execution: Execution,
    commands: readonly WorkflowCommand[] = [],
    more: Partial<SubmitWorkflowCommandsRequest> = {},
  ): Promise<Claimed> {
    const claimed = await this.claim(execution);
    await this.submit(claimed, commands, more);
    return claimed;
  }

  complete(execution: Execution, output = "1", commands: readonly WorkflowCommand[] = []): Promise<Claimed> {
    const all = [...commands, command.complete(output)];
    return this.activate(execution, all, { status: WorkflowStatus.COMPLETED });
  }

  fail(execution: Execution, error = "broken"): Promise<Claimed> {
    return this.activate(execution, [command.fail(error)], { status: WorkflowStatus.FAILED });
  }

  /** Starts an execution and gives its first activation. */
  async running(message: Partial<StartWorkflowRequest> = {}): Promise<Claimed> {
    return this.claim(await this.start(message));
  }

  /** Starts an execution that waits after these commands. */
  async waiting(commands: readonly WorkflowCommand[] = [], message: Partial<StartWorkflowRequest> = {}) {
    const execution = await this.start(message);
    await this.activate(execution, commands);
    return execution;
  }

  /** Gives claims back. */
  async release(service: "dispatch" | "tasks", items: readonly { id: string; claimEpoch: number }[]): Promise<void> {
    const operation = service === "dispatch" ? "internal/ReleaseWorkflows" : "internal/ReleaseTasks";
    const given = items.map(({ id, claimEpoch }) => ({ id, claimEpoch }));
    await this.#cluster.call(service, operation, [ReleaseRequest, ReleaseResponse], { items: given });
  }

  async events(id: string): Promise<Event[]> {
    const types = [GetEventsRequest, GetEventsResponse] as const;
    const request = { workflowExecutionId: id };
    const { events } = await this.#cluster.call("dispatch", dispatchRpc("GetEvents"), types, request, this.#caller);
    return events.map(({ sequenceNumber, eventType, eventData }) => {
      const text = Buffer.from(eventData).toString();
      return { sequence: sequenceNumber, type: eventType, text, data: JSON.parse(text) };
    });
  }

  async types(id: string): Promise<string[]> {
    return (await this.events(id)).map(({ type }) => type);
  }

  async eventsOf(id: string, type: string): Promise<Event[]> {
    return (await this.events(id)).filter((event) => event.type === type);
  }

  async status(id: string): Promise<string | undefined> {
    const [row] = await this.#cluster.rows<{ status: string }>("select status from workflow_execution where id = $1", [
      id,
    ]);
    return row?.status;
  }

  async signal(
    { id }: { id: string },
    signalName: string,
    value = "1",
    more: Partial<SignalWorkflowRequest> = {},
  ): Promise<SignalWorkflowResponse> {
    const types = [SignalWorkflowRequest, SignalWorkflowResponse] as const;
    const request = { workflowExecutionId: id, signalName, signalValue: Buffer.from(value), ...more };
    return this.#cluster.call("dispatch", dispatchRpc("SignalWorkflow"), types, request, this.#caller);
  }

  async signalWithStart(message: Partial<SignalWithStartWorkflowRequest>): Promise<SignalWithStartWorkflowResponse> {
    const types = [SignalWithStartWorkflowRequest, SignalWithStartWorkflowResponse] as const;
    const wanted = { workflowKind: "order", workflowInput: Buffer.from("1"), signalValue: Buffer.from("1") };
    const operation = dispatchRpc("SignalWithStartWorkflow");
    return this.#cluster.call("dispatch", operation, types, { signalName: "go", ...wanted, ...message }, this.#caller);
  }

  async resolve(promiseId: string, value = "1"): Promise<void> {
    const request = { promiseId, value: Buffer.from(value) };
    const operation = dispatchRpc("ResolvePromise");
    await this.#cluster.send("promises", operation, ResolvePromiseRequest, request, this.#caller);
  }

  async reject(promiseId: string, error = "no"): Promise<void> {
    const operation = dispatchRpc("RejectPromise");
    await this.#cluster.send("promises", operation, RejectPromiseRequest, { promiseId, error }, this.#caller);
  }

  /** As REST settles promises. */
  async settle(promise: string, outcome: SettlePromiseRequest["outcome"]): Promise<SettlePromiseResponse> {
    const types = [SettlePromiseRequest, SettlePromiseResponse] as const;
    return this.#cluster.call("promises", "internal/SettlePromise", types, { promise, outcome }, this.#caller);
  }

  async promise(promise: string): Promise<PromiseView> {
    const types = [GetPromiseRequest, PromiseView] as const;
    return this.#cluster.call("promises", "internal/GetPromise", types, { promise }, this.#caller);
  }

  async startChild(message: Partial<StartChildWorkflowRequest>): Promise<string> {
    const types = [StartChildWorkflowRequest, StartChildWorkflowResponse] as const;
    const request = {
      ...{ childExecutionName: "side", input: Buffer.from("1") },
      ...{ workflowExecutionIdentifier: { $case: "workflowKind" as const, value: "child" } },
      ...message,
    };
    const operation = dispatchRpc("StartChildWorkflow");
    const answer = await this.#cluster.call("dispatch", operation, types, request, this.#caller);
    return answer.childWorkflowExecutionId;
  }

  async cancel({ id }: { id: string }, message: Partial<CancelWorkflowRequest> = {}): Promise<CancelWorkflowResponse> {
    const types = [CancelWorkflowRequest, CancelWorkflowResponse] as const;
    const request = { workflowExecutionId: id, reason: "", ...message };
    const operation = "flovyn.ext.v1.WorkflowClient/CancelWorkflow";
    return this.#cluster.call("dispatch", operation, types, request, this.#caller);
  }

  async query(id: string, queryName: string): Promise<{ result: string; error: string | undefined }> {
    const types = [QueryWorkflowRequest, QueryWorkflowResponse] as const;
    const request = { workflowExecutionId: id, queryName };
    const answer = await this.#cluster.call(
      "dispatch",
      "flovyn.v1.WorkflowQuery/QueryWorkflow",
      types,
      request,
      this.#caller,
    );
    return { result: Buffer.from(answer.result).toString(), error: answer.error };
  }

  async state(id: string): Promise<Record<string, string>> {
    const types = [GetWorkflowStateRequest, GetWorkflowStateResponse] as const;
    const request = { workflowExecutionId: id };
    const { entries } = await this.#cluster.call("dispatch", "internal/GetWorkflowState", types, request, this.#caller);
    return Object.fromEntries(entries.map(({ key, value }) => [key, Buffer.from(value).toString()]));
  }

  async submitTask(message: Partial<SubmitTaskRequest>): Promise<SubmitTaskResponse> {
    const types = [SubmitTaskRequest, SubmitTaskResponse] as const;
    const request = { kind: "charge", input: Buffer.from("1"), ...message };
    return this.#cluster.call("tasks", taskRpc("SubmitTask"), types, request, this.#caller);
  }

  async completeTask({ id, claimEpoch }: { id: string; claimEpoch?: number }, output = "1"): Promise<void> {
    const request = { taskExecutionId: id, claimEpoch, output: Buffer.from(output) };
    await this.#cluster.send("tasks", taskRpc("CompleteTask"), CompleteTaskRequest, request, this.#caller);
  }

  async failTask(
    { id, claimEpoch }: { id: string; claimEpoch?: number },
    error = "no",
    more: Partial<FailTaskRequest> = {},
  ): Promise<void> {
    const request = { taskExecutionId: id, claimEpoch, error, retryable: false, ...more };
    await this.#cluster.send("tasks", taskRpc("FailTask"), FailTaskRequest, request, this.#caller);
  }

  async heartbeat({ id, claimEpoch }: { id: string; claimEpoch?: number }): Promise<void> {
    const request = { taskExecutionId: id, claimEpoch };
    await this.#cluster.send("tasks", taskRpc("Heartbeat"), HeartbeatRequest, request, this.#caller);
  }
}

/** The caller's view of several calls at once: `OK`, or the code of the refusal. */
export async function codes(answers: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(
    answers.map((answer) =>
      answer.then(
        () => "OK",
        (error: { code?: string }) => error.code ?? String(error),
      ),
    ),
  );
}
