import { decodeMessage, type IncomingRequest, principalOf } from "@flovyn/bus";
import { findWorkerKinds, heartbeatWorker, markWorkersSeen, type SeenWorker } from "@flovyn/db";
import { checkPayload, isUuid, missingOf, parseUuid } from "@flovyn/domain";
import {
  WorkerKindsRequest,
  WorkerKindsResponse,
  WorkersSeenRequest,
  WorkersSeenResponse,
} from "@flovyn/proto/internal";
import { WorkerHeartbeatRequest } from "@flovyn/proto/v1";
import type { DispatchContext } from "../context.js";

const empty = new Uint8Array(0);

/** Notes that a registered worker of the caller lives. Errors: InvalidInput, PayloadTooLarge, NotFound. Source: SendHeartbeat. */
export async function sendHeartbeat(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(WorkerHeartbeatRequest, request.payload);
  const { orgId } = request.caller;
  const principal = principalOf(request.caller);
  const id = parseUuid(message.workerId, "worker_id");
  checkPayload(message.healthInfo, "health_info");
  const now = context.clock.now();
  const name = await heartbeatWorker(context.db, { orgId, principal, id, now });
  if (name === undefined) throw missingOf("worker_id", "there is no such worker");
  // Polls may carry the name where heartbeats carry the id: both are signs of life of one worker.
  const keys = [...new Set([id, name])];
  await markWorkersSeen(context.db, {
    now,
    seen: keys.map((workerKey) => ({ orgId, principal, workerKey, lost: false, session: false })),
  });
  return empty;
}

/** Signs of life that a gateway collected from polls, and sessions that broke. */
export async function workersSeen(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { workers } = decodeMessage(WorkersSeenRequest, request.payload);
  const seen = new Map<string, SeenWorker>();
  for (const { orgId, principal, workerId, lost, session } of workers) {
    if (!isUuid(orgId)) continue;
    const key = JSON.stringify([orgId, principal, workerId]);
    seen.set(key, { orgId, principal, workerKey: workerId, lost, session });
  }
  if (seen.size > 0) await markWorkersSeen(context.db, { now: context.clock.now(), seen: [...seen.values()] });
  return WorkersSeenResponse.encode({}).finish();
}

/** What a worker of a principal, by name or id, declared when it registered. */
export async function workerKinds(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { workerId, principal } = decodeMessage(WorkerKindsRequest, request.payload);
  const kinds = await findWorkerKinds(context.db, { orgId: request.caller.orgId, principal, key: workerId });
  return WorkerKindsResponse.encode({
    registered: kinds !== undefined,
    workflowKinds: kinds?.workflowKinds ?? [],
    taskKinds: kinds?.taskKinds ?? [],
  }).finish();
}
