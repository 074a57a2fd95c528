import {
  fireTimer,
  newId,
  type Submission,
  type SubmitEffects,
  type SubmitFacts,
  submit,
  timeOutPromise,
} from "@flovyn/domain";
import type { ActivationResult } from "../../engine/run-activation.js";
import { TaskRecord } from "../task-record.js";
import { toDomainCommand, toDomainOutcome } from "./domain-commands.js";
import { cancelExecution, followEnd } from "./end-execution.js";
import { addExecution, unrelated } from "./start-execution.js";
import { watchTask } from "./task-times.js";
import type { Execution, World } from "./world.js";

/** Applies what an activation asks for, as the server does. Errors: DomainError when something of it is refused. */
export function submitActivation(
  world: World,
  execution: Execution,
  activation: Pick<ActivationResult, "commands" | "outcome" | "seenSequence"> & { claimEpoch: number },
): void {
  const { commands, outcome, seenSequence, claimEpoch } = activation;
  if (outcome.status === "ABANDONED") return;
  const submission: Submission = {
    commands: commands.map(toDomainCommand),
    outcome: toDomainOutcome(outcome),
    claimEpoch,
    seenSequence,
  };
  const change = submit(execution.workflow, submission, factsOf(world, execution), world.nowMs);
  if (!change.applied) return;
  world.change(execution, change);
  applyEffects(world, execution, change.effects);
  followEnd(world, execution);
}

function factsOf(world: World, execution: Execution): SubmitFacts {
  return {
    taskId: (chosen) => chosen,
    executionId: (chosen) => chosen,
    task: (id) => world.tasks.get(id)?.task,
    timer: (id) => execution.timers.get(id),
    execution: (id) => world.executions.get(id)?.workflow,
    childNamed: (name) => {
      const children = world.childrenOf(execution.workflow.id);
      return children.find(({ workflow }) => workflow.childName === name)?.workflow.id;
    },
    promises: (idOrName) => execution.promises.filter(({ id, name }) => id === idOrName || name === idOrName),
    keyHolder: (key) => {
      const holder = world.keyHolder(key);
      return holder && ("promiseId" in holder ? holder.promiseId : holder.workflowId);
    },
  };
}

function applyEffects(world: World, execution: Execution, effects: SubmitEffects): void {
  for (const { key, value } of effects.stateWrites) {
    if (value === null) execution.state.delete(key);
    else execution.state.set(key, value);
  }
  addTasks(world, execution, effects);
  addTimers(world, execution, effects);
  addPromises(world, execution, effects);
  addChildren(world, execution, effects);
}

function addTasks(world: World, { workflow }: Execution, effects: SubmitEffects): void {
  for (const task of effects.tasks) {
    const { taskId: id, kind, queue, maxRetries, retryPolicy, timeoutMs, scheduledSequence, idempotencyKey } = task;
    const entry = {
      task: {
        id,
        orgId: workflow.orgId,
        workflowId: workflow.id,
        kind,
        queue,
        status: "PENDING" as const,
        executionCount: 0,
        failureCount: 0,
        reclaimCount: 0,
        maxRetries,
        retryPolicy,
        claimEpoch: 0,
        workerId: null,
        startedAtMs: null,
        deadlineAtMs: timeoutMs === null ? null : world.nowMs + timeoutMs,
        availableAtMs: world.nowMs,
        scheduledSequence,
        transitionCount: 1,
        hasIdempotencyKey: idempotencyKey !== null,
        createdAtMs: world.nowMs,
        output: null,
        error: null,
        terminalReason: null,
      },
      input: task.input,
      state: new Map(),
      record: new TaskRecord(),
      attempt: undefined,
    };
    world.addTask(entry);
    watchTask(world, entry);
  }
}

function addTimers(world: World, execution: Execution, { timers, cancelledTimers }: SubmitEffects): void {
  for (const { timerId, fireAtMs } of timers) {
    const workflowId = execution.workflow.id;
    execution.timers.set(timerId, { id: newId(), workflowId, timerId, status: "ARMED", fireAtMs });
    const current = () => execution.timers.get(timerId);
    world.due.add({
      atMs: fireAtMs,
      isOpen: () => current()?.status === "ARMED",
      fire: () => {
        const timer = current();
        const fired = timer && fireTimer(timer, world.nowMs);
        if (fired === undefined) return;
        execution.timers.set(timerId, fired.next);
        world.append(execution, fired.event);
      },
    });
  }
  for (const timerId of cancelledTimers) {
    const timer = execution.timers.get(timerId);
    if (timer !== undefined) execution.timers.set(timerId, { ...timer, status: "CANCELLED" });
  }
}

function addPromises(world: World, execution: Execution, { promises, resolvedPromises }: SubmitEffects): void {
  for (const { promiseId: id, name, timeoutAtMs, idempotencyKey, keyTtlSeconds } of promises) {
    const { orgId, id: workflowId } = execution.workflow;
    const value = resolvedPromises.get(id) ?? null;
    const status = value === null ? "OPEN" : "RESOLVED";
    const index = execution.promises.push({ id, orgId, workflowId, name, status, value, error: null, timeoutAtMs }) - 1;
    if (idempotencyKey !== null) {
      world.holdKey(idempotencyKey, { holder: { promiseId: id }, expiresAtMs: world.nowMs + keyTtlSeconds * 1000 });
    }
    if (timeoutAtMs === null) continue;
    world.due.add({
      atMs: timeoutAtMs,
      isOpen: () => execution.promises[index]?.status === "OPEN",
      fire: () => {
        const promise = execution.promises[index];
        const change = promise && timeOutPromise(promise, world.nowMs);
        if (change === undefined) return;
        execution.promises[index] = change.next;
        world.append(execution, change.event);
      },
    });
  }
  for (const [index, promise] of execution.promises.entries()) {
    const value = resolvedPromises.get(promise.id);
    if (value !== undefined) execution.promises[index] = { ...promise, status: "RESOLVED", value };
  }
}

function addChildren(world: World, { workflow }: Execution, { children, cancelledChildren }: SubmitEffects): void {
  const actor = { type: "worker", id: "test" } as const;
  for (const { childId: id, name: childName, kind, queue, input, initiatedSequence } of children) {
    const start = {
      ...unrelated,
      id,
      kind,
      queue,
      input,
      version: null,
      parentId: workflow.id,
      childName,
      initiatedSequence,
      rootExecutionId: workflow.rootExecutionId,
      hasIdempotencyKey: false,
      createdAtMs: world.nowMs,
    };
    addExecution(world, start, actor);
  }
  for (const [id, reason] of cancelledChildren) {
    const child = world.executions.get(id);
    if (child !== undefined) cancelExecution(world, child, { reason, actor });
  }
}
