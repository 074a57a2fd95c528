import type { Bus, ServiceName, WorkKind } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { type ClaimedItem, ClaimRequest, ClaimResponse, type Poller, ReleaseRequest } from "@flovyn/proto/internal";
import { gatewayCaller } from "../auth/gateway-caller.js";
import { claimTimeoutMs } from "../limits.js";

export interface ClaimOrder {
  orgId: string;
  queue: string;
  /** Only these kinds; empty means any. */
  kinds: readonly string[];
  pollers: readonly Poller[];
}

const service: Record<WorkKind, ServiceName> = { workflow: "dispatch", task: "tasks" };
const claimOperation: Record<WorkKind, string> = {
  workflow: "internal/ClaimWorkflows",
  task: "internal/ClaimTasks",
};
const releaseOperation: Record<WorkKind, string> = {
  workflow: "internal/ReleaseWorkflows",
  task: "internal/ReleaseTasks",
};

/** Claims at most one item for each poller. Errors: those of the service; Unavailable, Timeout. */
export async function claimWork(bus: Bus, kind: WorkKind, order: ClaimOrder): Promise<readonly ClaimedItem[]> {
  const payload = ClaimRequest.encode({
    orgId: order.orgId,
    queue: order.queue,
    kinds: [...order.kinds],
    pollers: [...order.pollers],
  }).finish();
  return ClaimResponse.decode(await request(bus, kind, claimOperation[kind], order.orgId, payload)).items;
}

/** Gives claimed items back that could not be delivered. */
export async function releaseWork(
  bus: Bus,
  kind: WorkKind,
  orgId: string,
  items: readonly Pick<ClaimedItem, "id" | "claimEpoch">[],
): Promise<void> {
  const payload = ReleaseRequest.encode({
    items: items.map(({ id, claimEpoch }) => ({ id, claimEpoch })),
  }).finish();
  await request(bus, kind, releaseOperation[kind], orgId, payload);
}

function request(bus: Bus, kind: WorkKind, operation: string, orgId: string, payload: Uint8Array): Promise<Uint8Array> {
  return bus.request({
    service: service[kind],
    operation,
    payload,
    timeoutMs: claimTimeoutMs,
    caller: gatewayCaller(orgId),
    requestId: newId(),
    traceparent: "",
  });
}
