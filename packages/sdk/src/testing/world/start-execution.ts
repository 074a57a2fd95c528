import {
  type Actor,
  DomainError,
  isWorkflowTerminal,
  keyTtlSecondsDefault,
  newId,
  type StartWorkflow,
  startWorkflow,
} from "@flovyn/domain";
import type { Execution, World } from "./world.js";

export interface NewExecution {
  readonly kind: string;
  readonly queue: string;
  readonly input: Uint8Array;
  readonly version: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly idempotencyKeyTtlSeconds: number | undefined;
}

export const testOrgId = "00000000-0000-4000-8000-000000000000";

/**
 * Starts a workflow, or finds the one that holds the key: a live one, or, unless `liveOnly`, one that has completed.
 * Errors: AlreadyExists when something else holds the key.
 */
export function startExecution(
  world: World,
  start: NewExecution,
  { liveOnly }: { liveOnly: boolean },
): { execution: Execution; isNew: boolean } {
  const { idempotencyKey: key, idempotencyKeyTtlSeconds: ttl = keyTtlSecondsDefault } = start;
  const known = key === undefined ? undefined : findByKey(world, key, liveOnly);
  if (known !== undefined) return { execution: known, isNew: false };
  const id = newId();
  const execution = addExecution(
    world,
    {
      ...unrelated,
      id,
      kind: start.kind,
      queue: start.queue,
      input: start.input,
      version: start.version ?? null,
      rootExecutionId: id,
      hasIdempotencyKey: key !== undefined,
      createdAtMs: world.nowMs,
    },
    { type: "user", id: "test" },
    key,
  );
  if (key !== undefined) world.holdKey(key, { holder: { workflowId: id }, expiresAtMs: world.nowMs + ttl * 1000 });
  return { execution, isNew: true };
}

export const unrelated = {
  orgId: testOrgId,
  parentId: null,
  childName: null,
  initiatedSequence: null,
  partitionKey: 0,
  traceparent: "",
} as const;

export function addExecution(world: World, start: StartWorkflow, actor: Actor, key?: string): Execution {
  const change = startWorkflow(start, actor);
  const execution: Execution = {
    workflow: change.next,
    input: start.input,
    events: [],
    state: new Map(),
    timers: new Map(),
    promises: [],
    signalIds: new Map(),
    key,
  };
  world.add(execution, change);
  return execution;
}

function findByKey(world: World, key: string, liveOnly: boolean): Execution | undefined {
  const holder = world.keyHolder(key);
  if (holder === undefined) return undefined;
  if (!("workflowId" in holder)) {
    throw new DomainError("AlreadyExists", "idempotency_key: is held by something else", { reason: "KEY_TAKEN" });
  }
  const execution = world.executions.get(holder.workflowId);
  return liveOnly && execution !== undefined && isWorkflowTerminal(execution.workflow.status) ? undefined : execution;
}
