import type { Caller } from "@flovyn/bus";

/** The gateway acting for an org, not for one of its principals. An empty org means the cluster as a whole. */
export function gatewayCaller(orgId: string): Caller {
  return { orgId, principalType: "Service", principalId: "gateway" };
}
