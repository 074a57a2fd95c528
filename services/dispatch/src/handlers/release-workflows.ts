import { announce, decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { type HeldClaim, lockNamedWorkflows, lockWorkflows, type Transaction, WorkflowChanges } from "@flovyn/db";
import { parseUuid, release } from "@flovyn/domain";
import { ReleaseRequest, ReleaseResponse } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";

/** Gives back workflows whose poller was gone when they were claimed. */
export async function releaseWorkflows(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { items } = decodeMessage(ReleaseRequest, request.payload);
  const claims = items.map((item) => ({ id: parseUuid(item.id, "items.id"), claimEpoch: item.claimEpoch }));
  const { orgId } = request.caller;
  const named = claims.map(({ id }) => ({ orgId, id }));
  const released = await takeBack(context, claims, "poller gone", (tx) => lockNamedWorkflows(tx, named));
  return ReleaseResponse.encode({ released }).finish();
}

/** Takes back exactly these claims, if they are still held, and hints their queues. Returns how many it took. */
export async function takeBack(
  context: DispatchContext,
  claims: readonly HeldClaim[],
  reason: string,
  lock = (tx: Transaction) => lockClaimed(tx, claims),
): Promise<number> {
  if (claims.length === 0) return 0;
  const now = context.clock.now();
  const { changes, released } = await context.db.transaction(async (tx) => {
    let released = 0;
    const changes = new WorkflowChanges(await lock(tx));
    for (const { id, claimEpoch } of claims) {
      const workflow = changes.get(id);
      if (workflow === undefined) continue;
      const change = release(workflow, reason, claimEpoch);
      if (change.transitions.length > 0) released += 1;
      changes.add(change);
    }
    changes.write(tx, now);
    return { changes, released };
  });
  announce(context.bus, changes, now);
  return released;
}

/** Sweeps find claims of all orgs. */
function lockClaimed(tx: Transaction, claims: readonly HeldClaim[]) {
  return lockWorkflows(
    tx,
    claims.map(({ id }) => id),
  );
}
