import {
  DomainError,
  eventData,
  isSameSettlement,
  isUuid,
  rawJson,
  type Settlement,
  type Signal,
  settlePromise,
  signalWorkflow,
} from "@flovyn/domain";
import type { Execution, World } from "./world.js";

/** Errors: NotFound. */
export function findExecution(world: World, id: string): Execution {
  const execution = world.executions.get(id.toLowerCase());
  if (execution === undefined) throw new DomainError("NotFound", "workflow_execution_id: there is no such workflow");
  return execution;
}

/** Errors: WrongState when the workflow ended, LimitExceeded. */
export function signal(world: World, execution: Execution, given: Signal): { sequence: number; duplicate: boolean } {
  const known = given.signalId === null ? undefined : execution.signalIds.get(given.signalId);
  if (known !== undefined) return { sequence: known, duplicate: true };
  world.change(execution, signalWorkflow(execution.workflow, given, { type: "user", id: "test" }));
  const { sequence } = execution.workflow;
  if (given.signalId !== null) execution.signalIds.set(given.signalId, sequence);
  return { sequence, duplicate: false };
}

/** Settles the promise that a client means by this text. Errors: NotFound, WrongState when it was settled otherwise. */
export function settle(world: World, promiseId: string, settlement: Settlement): void {
  const { execution, index } = findPromise(world, promiseId);
  const promise = execution.promises[index];
  if (promise === undefined) throw noSuchPromise();
  const change = settlePromise(promise, settlement);
  if (change !== undefined) {
    execution.promises[index] = change.next;
    world.append(execution, change.event);
  } else if (!isSameSettlement(promise, settlement)) {
    throw new DomainError("WrongState", `promise_id: the promise is ${promise.status}`, { reason: "ALREADY_SETTLED" });
  }
}

/** The state under a key as JSON bytes, or all of it. Undefined when there is none. */
export function queryState({ state }: Execution, name: string): Uint8Array | undefined {
  if (name !== "__state") return state.get(name);
  return eventData([...state].map(([key, value]) => [key, rawJson(value)]));
}

function findPromise(world: World, promiseId: string): { execution: Execution; index: number } {
  const [head = "", rest = ""] = promiseId.split(/:(.*)/s);
  if (head === "key") {
    const holder = world.keyHolder(rest);
    if (holder === undefined || !("promiseId" in holder)) throw noSuchPromise();
    return findPromise(world, holder.promiseId);
  }
  if (isUuid(promiseId)) {
    for (const execution of world.executions.values()) {
      const index = execution.promises.findIndex(({ id }) => id === promiseId.toLowerCase());
      if (index >= 0) return { execution, index };
    }
    throw noSuchPromise();
  }
  const execution = findExecution(world, head);
  const open = execution.promises.findIndex(({ name, status }) => name === rest && status === "OPEN");
  const index = open >= 0 ? open : execution.promises.findLastIndex(({ name }) => name === rest);
  if (index < 0) throw noSuchPromise();
  return { execution, index };
}

function noSuchPromise(): DomainError {
  return new DomainError("NotFound", "promise_id: there is no such promise");
}
