import { type DurablePromise, newId, type Settlement, type Submission, type WorkflowCommand } from "@flovyn/domain";
import type { Family } from "./family.js";
import type { Asked, Step } from "./steps.js";

/** What really does the steps; the model is told what the same step comes to. Answers are "OK" or a code, lists, or none. */
export interface Doer {
  claim(workflowId: string, queue: string): Promise<string[]>;
  claimTask(queue: string): Promise<string[]>;
  submit(workflowId: string, submission: Submission): Promise<string>;
  complete(taskId: string, report: { claimEpoch?: number; output: Buffer }): Promise<string>;
  fail(taskId: string, report: { claimEpoch?: number; error: string; retryable: boolean }): Promise<string>;
  cancelTask(taskId: string): Promise<string>;
  releaseTask(taskId: string, claimEpoch: number): Promise<void>;
  release(workflowId: string, claimEpoch: number): Promise<void>;
  cancel(workflowId: string, reason: string, withMembers: boolean): Promise<void>;
  signal(workflowId: string, signal: { name: string; value: Buffer; signalId: string | null }): Promise<string>;
  settle(promise: DurablePromise, settlement: Settlement): Promise<boolean>;
  passTime(ms: number): Promise<void>;
}

const worker = "worker";
const childrenMax = 6;
const exactNumber = Buffer.from("12345678901234567890");

/** Takes steps on the model and, where there is one, on what it models; `check` compares the two answers. */
export class Player {
  readonly family: Family;
  readonly #doer: Doer | undefined;
  readonly #check: (modelled: unknown, real: unknown, step: Step) => void;
  #last: { id: string; submission: Submission } | undefined;
  #made = 0;

  constructor(family: Family, doer?: Doer, check: (modelled: unknown, real: unknown, step: Step) => void = () => {}) {
    this.family = family;
    this.#doer = doer;
    this.#check = check;
  }

  async take(step: Step): Promise<void> {
    const { family } = this;
    const workflows = family.all();
    const workflow = "w" in step ? workflows[step.w % workflows.length] : undefined;
    const tasks = [...family.tasks.values()];
    const task = "index" in step ? tasks[step.index % Math.max(1, tasks.length)] : undefined;
    switch (step.do) {
      case "claim": {
        if (workflow === undefined) return;
        const { id, queue } = workflow;
        const isClaimed = family.claim(id, worker);
        return this.#same(step, isClaimed ? [id] : [], await this.#doer?.claim(id, queue));
      }
      case "suspend":
      case "finish":
      case "break":
      case "giveUp": {
        if (workflow === undefined) return;
        const submission = this.#submission(step, workflow.id);
        this.#last = { id: workflow.id, submission };
        return this.#submit(step, workflow.id, submission);
      }
      case "resend": {
        // Without an epoch it could not be told from a new report of the present holder.
        if (this.#last?.submission.claimEpoch === undefined) return;
        const { id, submission } = this.#last;
        if (submission.claimEpoch === family.get(id).claimEpoch && family.get(id).status === "RUNNING") return;
        return this.#submit(step, id, submission);
      }
      case "claimTask": {
        if (workflow === undefined) return;
        const claimed = family.claimTask(workflow.id, worker);
        return this.#same(step, claimed === undefined ? [] : [claimed.id], await this.#doer?.claimTask(workflow.queue));
      }
      case "completeTask": {
        if (task === undefined) return;
        const report = { ...epochOf(step.epoch, task.claimEpoch), output: Buffer.from('"done"') };
        return this.#same(step, family.complete(task.id, report), await this.#doer?.complete(task.id, report));
      }
      case "failTask": {
        if (task === undefined) return;
        const report = { ...epochOf(step.epoch, task.claimEpoch), error: "no", retryable: step.retryable };
        return this.#same(step, family.fail(task.id, report), await this.#doer?.fail(task.id, report));
      }
      case "releaseTask":
        if (task === undefined) return;
        family.releaseTask(task.id, task.claimEpoch);
        return this.#doer?.releaseTask(task.id, task.claimEpoch);
      case "cancelTask":
        if (task === undefined) return;
        return this.#same(step, family.cancelTask(task.id), await this.#doer?.cancelTask(task.id));
      case "release":
        if (workflow === undefined) return;
        family.release(workflow.id, workflow.claimEpoch);
        return this.#doer?.release(workflow.id, workflow.claimEpoch);
      case "cancel":
        if (workflow === undefined) return;
        family.cancel(workflow.id, "no longer wanted", step.withMembers);
        return this.#doer?.cancel(workflow.id, "no longer wanted", step.withMembers);
      case "signal": {
        if (workflow === undefined) return;
        const signal = { name: "news", value: exactNumber, signalId: step.id };
        return this.#same(step, family.signal(workflow.id, signal), await this.#doer?.signal(workflow.id, signal));
      }
      case "settle": {
        const promise = family.promises[step.index % Math.max(1, family.promises.length)];
        if (promise === undefined) return;
        const settlement: Settlement = step.reject
          ? { type: "REJECTED", error: "no" }
          : { type: "RESOLVED", value: exactNumber };
        return this.#same(step, family.settle(promise, settlement), await this.#doer?.settle(promise, settlement));
      }
      case "passTime": {
        const due = family.nextDue();
        if (due === undefined) return;
        const ms = Math.max(0, due - family.now);
        family.now += ms;
        family.fireDue();
        return this.#doer?.passTime(ms);
      }
    }
  }

  async #submit(step: Step, id: string, submission: Submission): Promise<void> {
    const modelled = this.family.submit(id, submission);
    const real = await this.#doer?.submit(id, submission);
    // What is due at once fires without any further call.
    this.family.fireDue();
    await this.#doer?.passTime(0);
    this.#same(step, modelled, real);
  }

  #same(step: Step, modelled: unknown, real: unknown): void {
    if (this.#doer !== undefined) this.#check(modelled, real, step);
  }

  #submission(step: Extract<Step, { commands: readonly Asked[] }>, id: string): Submission {
    const { claimEpoch, sequence } = this.family.get(id);
    const commands: WorkflowCommand[] = [];
    for (const asked of step.commands) commands.push(...this.#command(asked, id, commands));
    const header = {
      ...epochOf(step.epoch, claimEpoch),
      ...("seen" in step && step.seen ? { seenSequence: sequence } : {}),
    };
    switch (step.do) {
      case "suspend":
        return { commands, ...header, outcome: { type: "SUSPENDED" } };
      case "finish":
        return { commands, ...header, outcome: { type: "COMPLETED", output: Buffer.from("1.0") } };
      case "break":
        return {
          commands,
          ...header,
          outcome: { type: "FAILED", error: "no", stackTrace: "at", failureType: "Error" },
        };
      case "giveUp":
        return { commands, ...header, outcome: { type: "CANCELLED", reason: "given up" } };
    }
  }

  /** At most one command; none where there is nothing to pick. */
  #command(asked: Asked, id: string, before: readonly WorkflowCommand[]): WorkflowCommand[] {
    const { family } = this;
    const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)];
    switch (asked.ask) {
      case "record":
        return [{ type: "RECORD_OPERATION", name: "price", result: exactNumber }];
      case "setState":
        return [{ type: "SET_STATE", key: `key-${asked.key % 3}`, value: Buffer.from(`${this.#made++}.0`) }];
      case "clearState":
        return [{ type: "CLEAR_STATE", key: `key-${asked.key % 3}` }];
      case "schedule": {
        const known = asked.again ? pick(family.tasksOf(id), asked.index)?.id : undefined;
        const rest = { queue: null, priorityMs: 0, retryPolicy: null, idempotencyKey: null, keyTtlSeconds: 86_400 };
        const task = {
          taskId: known ?? newId(),
          kind: "charge",
          input: Buffer.from("[1]"),
          maxRetries: 1,
          timeoutMs: null,
        };
        return [{ type: "SCHEDULE_TASK", ...task, ...rest }];
      }
      case "startTimer": {
        const known = asked.again ? pick(this.#timersOf(id), asked.index)?.timerId : undefined;
        const durationMs = this.#unusedDelay(asked.durationMs, before);
        return [{ type: "START_TIMER", timerId: known ?? `timer-${this.#made++}`, durationMs }];
      }
      case "cancelTimer": {
        const timer = pick(this.#timersOf(id), asked.index);
        return [{ type: "CANCEL_TIMER", timerId: timer?.timerId ?? "unknown" }];
      }
      case "createPromise": {
        const timeoutMs = asked.timeoutMs === null ? null : this.#unusedDelay(asked.timeoutMs, before);
        // Keys belong to the org: those of other families must not get in the way.
        const idempotencyKey = asked.key === null ? null : `${family.all()[0]?.id}:${asked.key}`;
        const promise = { promiseId: newId(), name: asked.name, timeoutMs, idempotencyKey, keyTtlSeconds: 86_400 };
        return [{ type: "CREATE_PROMISE", ...promise }];
      }
      case "resolvePromise": {
        const mine = family.promises.filter(({ workflowId }) => workflowId === id);
        const byId = pick(mine, asked.index)?.id;
        const promise = asked.by === "unknown" ? newId() : asked.by === "id" && byId ? byId : asked.name;
        return [{ type: "RESOLVE_PROMISE", promise, value: exactNumber }];
      }
      case "scheduleChild": {
        if (family.workflows.size > childrenMax) return [];
        const known = pick(family.all().slice(1), asked.index);
        const childId = asked.again === "id" && known ? known.id : newId();
        const name = asked.again === "name" && known ? (known.childName ?? "") : `child-${this.#made++}`;
        const child = { childId, name, kind: "child", input: Buffer.from("2"), queue: `q-${childId}`, priorityMs: 0 };
        return [{ type: "SCHEDULE_CHILD_WORKFLOW", ...child }];
      }
      case "cancelChild": {
        // Of several children that end together it is left open which one the parent hears of first.
        if (before.some(({ type }) => type === "REQUEST_CANCEL_CHILD_WORKFLOW")) return [];
        const child = pick(
          family.all().filter(({ parentId }) => parentId === id),
          asked.index,
        );
        if (child === undefined) return [];
        const name = child.childName ?? "";
        const named = asked.byName ? { childId: null, name } : { childId: child.id, name: "" };
        return [{ type: "REQUEST_CANCEL_CHILD_WORKFLOW", ...named, reason: "race lost" }];
      }
    }
  }

  #timersOf(id: string) {
    return this.family.timers.filter(({ workflowId }) => workflowId === id);
  }

  /** Two things that are due in the same instant may fire in either order, so no two are. */
  #unusedDelay(wanted: number, before: readonly WorkflowCommand[]): number {
    const used = new Set(
      before.flatMap((one) => ("durationMs" in one ? one.durationMs : "timeoutMs" in one ? (one.timeoutMs ?? -1) : -1)),
    );
    let delay = wanted;
    while (used.has(delay) || this.family.isDue(this.family.now + delay)) delay += 1;
    return delay;
  }
}

function epochOf(mode: string, current: number): { claimEpoch?: number } {
  return mode === "none" ? {} : { claimEpoch: mode === "current" ? current : current - 1 };
}
