import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { clearTaskState, getTaskState, listTaskStateKeys, setTaskState } from "@flovyn/db";
import { checkPayload, keyLengthMax, newId, parseText, parseUuid } from "@flovyn/domain";
import {
  ClearAllStateRequest,
  ClearStateRequest,
  GetStateKeysRequest,
  GetStateKeysResponse,
  GetStateRequest,
  GetStateResponse,
  SetStateRequest,
} from "@flovyn/proto/v1";
import { noSuchTask } from "../change-tasks.js";
import type { TasksContext } from "../context.js";

const empty = new Uint8Array(0);

function taskOf(request: IncomingRequest, taskExecutionId: string): { orgId: string; id: string } {
  return { orgId: request.caller.orgId, id: parseUuid(taskExecutionId, "task_execution_id") };
}

/** Reads one key; an absent key is `found = false`. Errors: InvalidInput, NotFound. Source: GetState. */
export async function getState(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetStateRequest, request.payload);
  const key = parseText(message.key, "key", keyLengthMax);
  const state = await getTaskState(context.db, { ...taskOf(request, message.taskExecutionId), key });
  if (state === undefined) throw noSuchTask();
  return GetStateResponse.encode({
    value: Buffer.from(state.value ?? empty),
    found: state.value !== null,
  }).finish();
}

/** Writes one key. Errors: InvalidInput, PayloadTooLarge, NotFound. Source: SetState. */
export async function setState(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(SetStateRequest, request.payload);
  const known = await setTaskState(context.db, {
    ...taskOf(request, message.taskExecutionId),
    key: parseText(message.key, "key", keyLengthMax),
    stateId: newId(),
    value: checkPayload(message.value, "value"),
    now: context.clock.now(),
  });
  if (!known) throw noSuchTask();
  return empty;
}

/** Deletes one key; an absent key is fine. Errors: InvalidInput, NotFound. Source: ClearState. */
export async function clearState(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ClearStateRequest, request.payload);
  const key = parseText(message.key, "key", keyLengthMax);
  if (!(await clearTaskState(context.db, { ...taskOf(request, message.taskExecutionId), key }))) throw noSuchTask();
  return empty;
}

/** Deletes all keys. Errors: InvalidInput, NotFound. Source: ClearAllState. */
export async function clearAllState(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ClearAllStateRequest, request.payload);
  const task = taskOf(request, message.taskExecutionId);
  if (!(await clearTaskState(context.db, { ...task, key: null }))) throw noSuchTask();
  return empty;
}

/** Keys in ascending order. Errors: InvalidInput, NotFound. Source: GetStateKeys. */
export async function getStateKeys(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetStateKeysRequest, request.payload);
  const keys = await listTaskStateKeys(context.db, taskOf(request, message.taskExecutionId));
  if (keys === undefined) throw noSuchTask();
  return GetStateKeysResponse.encode({ keys }).finish();
}
