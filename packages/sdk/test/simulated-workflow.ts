import type { Command } from "../src/engine/commands.js";
import type { HistoryEvent } from "../src/engine/history.js";
import type { ActivationResult } from "../src/engine/run-activation.js";
import { decodeJson } from "../src/json.js";

/** Something a workflow waits for. */
export interface SimulatedWait {
  readonly what: "task" | "timer" | "promise" | "child";
  /** Id of a task, a promise or a child, the worker's name of a timer. */
  readonly id: string;
  /** Kind of a task or a child, name of a promise. */
  readonly kind: string;
  /** Name of a child. */
  readonly name: string;
  readonly input: unknown;
}

/** What the server does with one workflow, in memory: appends one event per command, ends waits, refuses what it must. */
export class SimulatedWorkflow {
  readonly events: HistoryEvent[] = [];
  readonly waits: SimulatedWait[] = [];
  /** Ids of children that the workflow wants to end. */
  readonly cancelRequested = new Set<string>();
  readonly #ended = new Set<SimulatedWait>();
  status: "LIVE" | "COMPLETED" | "FAILED" | "CANCELLED" = "LIVE";
  /** Output, error text or reason. */
  result: unknown;

  constructor(input: unknown = null, workflowKind?: string) {
    this.append("WORKFLOW_STARTED", { input, workflowKind });
  }

  get open(): SimulatedWait[] {
    return this.waits.filter((wait) => !this.#ended.has(wait));
  }

  /** The history as a poller gets it now. */
  history(): HistoryEvent[] {
    return [...this.events];
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  append(type: string, data: Record<string, unknown>): void {
    this.events.push({ sequence: this.events.length + 1, type, data: Buffer.from(JSON.stringify(data)) });
  }

  completeTask(id: string, output: unknown): void {
    this.end(this.find("task", id), "TASK_COMPLETED", { output });
  }

  failTask(id: string, error: string): void {
    this.end(this.find("task", id), "TASK_FAILED", { error });
  }

  fireTimer(id: string): void {
    this.end(this.find("timer", id), "TIMER_FIRED");
  }

  /** The oldest open promise of that name. */
  resolvePromise(name: string, value: unknown): void {
    this.end(this.named("promise", name), "PROMISE_RESOLVED", { value });
  }

  rejectPromise(name: string, error: string): void {
    this.end(this.named("promise", name), "PROMISE_REJECTED", { error });
  }

  timeOutPromise(name: string): void {
    this.end(this.named("promise", name), "PROMISE_TIMEOUT");
  }

  completeChild(name: string, output: unknown): void {
    this.end(this.named("child", name), "CHILD_WORKFLOW_COMPLETED", { output });
  }

  failChild(name: string, error: string): void {
    this.end(this.named("child", name), "CHILD_WORKFLOW_FAILED", { error });
  }

  signal(name: string, value: unknown): void {
    if (this.status === "LIVE") this.append("SIGNAL_RECEIVED", { signalName: name, signalValue: value });
  }

  submit({ commands, outcome }: Pick<ActivationResult, "commands" | "outcome">): void {
    if (this.status !== "LIVE") throw new Error("the workflow is terminal");
    for (const command of commands) this.#apply(command);
    if (outcome.status === "COMPLETED") {
      this.#close("COMPLETED", decodeJson(outcome.output));
      this.append("WORKFLOW_COMPLETED", { output: this.result });
    } else if (outcome.status === "FAILED") {
      this.#close("FAILED", outcome.error);
      this.append("WORKFLOW_EXECUTION_FAILED", { error: outcome.error });
    } else if (outcome.status === "CANCELLED") {
      this.#close("CANCELLED", outcome.reason);
      this.append("WORKFLOW_CANCELLED", { reason: outcome.reason });
    }
  }

  /** Errors: Error when the wait ended before, as the server never ends anything twice. */
  end(wait: SimulatedWait, type: string, data: Record<string, unknown> = {}): void {
    if (this.#ended.has(wait)) throw new Error(`${wait.what} ${wait.id} ended twice`);
    this.#ended.add(wait);
    if (this.status === "LIVE") this.append(type, { ...namesOf(wait), ...data });
  }

  find(what: SimulatedWait["what"], id: string): SimulatedWait {
    const wait = this.waits.find((one) => one.what === what && one.id === id);
    if (wait === undefined) throw new Error(`${what} ${id} is not known`);
    return wait;
  }

  named(what: "promise" | "child", name: string): SimulatedWait {
    const wait = this.open.find((one) => one.what === what && (one.name === name || one.id === name));
    if (wait === undefined) throw new Error(`no ${what} ${name} is open`);
    return wait;
  }

  #close(status: "COMPLETED" | "FAILED" | "CANCELLED", result: unknown): void {
    this.status = status;
    this.result = result;
  }

  #apply(command: Command): void {
    switch (command.type) {
      case "RECORD_OPERATION":
        this.append("OPERATION_COMPLETED", { operationName: command.name, result: decodeJson(command.result) });
        return;
      case "SET_STATE":
        this.append("STATE_SET", { key: command.key, value: decodeJson(command.value) });
        return;
      case "CLEAR_STATE":
        this.append("STATE_CLEARED", { key: command.key });
        return;
      case "SCHEDULE_TASK": {
        const { taskId: id, kind } = command;
        this.#begin("TASK_SCHEDULED", { what: "task", id, kind, name: "", input: decodeJson(command.input) });
        return;
      }
      case "START_TIMER": {
        const wait = { what: "timer", id: command.timerId, kind: "", name: "", input: command.durationMs } as const;
        this.#begin("TIMER_STARTED", wait, { durationMs: command.durationMs });
        return;
      }
      case "CANCEL_TIMER": {
        const timer = this.find("timer", command.timerId);
        if (!this.#ended.has(timer)) this.end(timer, "TIMER_CANCELLED");
        return;
      }
      case "CREATE_PROMISE": {
        const { name, timeoutMs, idempotencyKey } = command;
        const wait = { what: "promise", id: this.#nextPromiseId(), kind: name, name, input: null } as const;
        this.#begin("PROMISE_CREATED", wait, { timeoutMs, idempotencyKey });
        return;
      }
      case "RESOLVE_PROMISE": {
        const called = (one: SimulatedWait) => one.what === "promise" && [one.id, one.name].includes(command.promise);
        if (!this.waits.some(called)) throw new Error(`the workflow has no promise ${command.promise}`);
        const open = this.open.find(called);
        if (open !== undefined) this.end(open, "PROMISE_RESOLVED", { value: decodeJson(command.value) });
        return;
      }
      case "SCHEDULE_CHILD_WORKFLOW": {
        const { workflowId: id, kind, name } = command;
        if (this.waits.some((one) => one.what === "child" && one.name === name))
          throw new Error(`two children ${name}`);
        this.#begin("CHILD_WORKFLOW_INITIATED", { what: "child", id, kind, name, input: decodeJson(command.input) });
        return;
      }
      case "REQUEST_CANCEL_CHILD_WORKFLOW": {
        // The parent is told a little later, in a transaction of its own.
        const child = this.find("child", command.workflowId);
        if (!this.#ended.has(child)) this.cancelRequested.add(child.id);
        return;
      }
    }
  }

  #nextPromiseId(): string {
    const n = this.waits.filter((wait) => wait.what === "promise").length + 1;
    return `0192f0c1-2f6e-7c7a-9a3b-${String(n).padStart(12, "0")}`;
  }

  #begin(type: string, wait: SimulatedWait, data: Record<string, unknown> = {}): void {
    if (this.waits.some(({ what, id }) => what === wait.what && id === wait.id)) {
      throw new Error(`${wait.what} ${wait.id} was begun twice`);
    }
    this.waits.push(wait);
    this.append(type, { ...namesOf(wait), input: wait.input, ...data });
  }
}

function namesOf({ what, id, kind, name }: SimulatedWait): Record<string, unknown> {
  switch (what) {
    case "task":
      return { taskExecutionId: id, kind };
    case "timer":
      return { timerId: id };
    case "promise":
      return { promiseId: id, promiseName: name };
    case "child":
      return {
        childExecutionName: name,
        childExecutionId: id,
        childworkflowExecutionId: id,
        childWorkflowKind: kind,
      };
  }
}
