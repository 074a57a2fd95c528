import type { Bus } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { RecordAuditRequest } from "@flovyn/proto/internal";
import { gatewayCaller } from "../auth/gateway-caller.js";
import { callTimeoutMs } from "../limits.js";
import type { AuditEntry } from "./audit-entry.js";

/** Stores entries by way of dispatch. */
export function createAuditSender(bus: Bus): (entries: readonly AuditEntry[]) => Promise<void> {
  return async (entries) => {
    await bus.request({
      service: "dispatch",
      operation: "internal/RecordAudit",
      payload: RecordAuditRequest.encode({ entries: [...entries] }).finish(),
      timeoutMs: callTimeoutMs,
      caller: gatewayCaller(""),
      requestId: newId(),
      traceparent: "",
    });
  };
}
