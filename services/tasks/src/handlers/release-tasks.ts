import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import type { HeldClaim } from "@flovyn/db";
import { parseUuid, releaseTask, systemActor } from "@flovyn/domain";
import { ReleaseRequest, ReleaseResponse } from "@flovyn/proto/internal";
import { changeTasks } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

/** Gives back tasks whose poller was gone when they were claimed. */
export async function releaseTasks(
  context: TasksContext,
  hints: DelayedHints,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const { items } = decodeMessage(ReleaseRequest, request.payload);
  const claims = items.map((item) => ({ id: parseUuid(item.id, "items.id"), claimEpoch: item.claimEpoch }));
  const released = await takeBack(context, hints, claims, "poller gone", request.caller.orgId);
  return ReleaseResponse.encode({ released }).finish();
}

/** Takes back exactly these claims, of one org or of all, if they are still held. Returns how many it took. */
export async function takeBack(
  context: TasksContext,
  hints: DelayedHints,
  claims: readonly HeldClaim[],
  reason: string,
  orgId?: string,
): Promise<number> {
  const decided = await changeTasks(
    context,
    hints,
    claims.map(({ id, claimEpoch }) => ({
      taskId: id,
      ...(orgId === undefined ? {} : { orgId }),
      actor: systemActor("reclaim"),
      decide: (task, now) => releaseTask(task, reason, now, claimEpoch),
    })),
  );
  return decided.filter((result) => result.ok && result.changed).length;
}
