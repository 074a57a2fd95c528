import { hintLifecycle } from "@flovyn/bus";
import { type ClaimedWorkflow, claimWorkflows, kindSeparator } from "@flovyn/db";
import { newId } from "@flovyn/domain";
import { type Batcher, createClaimBatcher, type WaitingPollers } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";

/** Lease of an activation whose poller asked for none: the time after which silence counts. */
export const workflowLeaseMsDefault = 60_000;

/** Claims workflows for the pollers of all gateways in batches. */
export function createWorkflowClaimBatcher(context: DispatchContext): Batcher<WaitingPollers, ClaimedWorkflow[]> {
  return createClaimBatcher<ClaimedWorkflow>({
    name: "workflow.claim",
    lane: context.lane,
    metrics: context.metrics,
    claim: async (pollers) => {
      const now = context.clock.now();
      const claimed = await claimWorkflows(context.db, {
        now,
        pollers: pollers.map((poller) => ({
          ...poller,
          principal: poller.principal || null,
          kinds: poller.kinds.length === 0 ? null : poller.kinds.join(kindSeparator),
          leaseMs: poller.leaseMs || workflowLeaseMsDefault,
          ownLeaseMs: poller.leaseMs || null,
          transitionId: newId(),
        })),
      });
      hintLifecycle(
        context.bus,
        claimed.filter(isFirstClaim).map(({ orgId, id, kind }) => {
          return { orgId, workflowId: id, event: "WORKFLOW_STARTED", kind, status: "RUNNING", timestampMs: now };
        }),
      );
      return claimed;
    },
  });
}

const isFirstClaim = ({ claimEpoch }: ClaimedWorkflow) => claimEpoch === 1;
