import type { Bus, Caller } from "@flovyn/bus";
import { newId } from "@flovyn/domain";

/** The gateway acting for an org, not for one of its principals. An empty org means the cluster as a whole. */
export function gatewayCaller(orgId: string): Caller {
  return { orgId, principalType: "Service", principalId: "flovyn:gateway" };
}

/** Asks dispatch something for the gateway itself. Errors: those of the operation; Unavailable, Timeout. */
export function askDispatch(
  bus: Bus,
  question: { operation: `internal/${string}`; payload: Uint8Array; timeoutMs: number },
): Promise<Uint8Array> {
  const header = { caller: gatewayCaller(""), requestId: newId(), traceparent: "" };
  return bus.request({ service: "dispatch", ...question, ...header });
}
