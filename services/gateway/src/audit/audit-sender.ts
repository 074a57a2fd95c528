import type { Bus } from "@flovyn/bus";
import { RecordAuditRequest } from "@flovyn/proto/internal";
import { askDispatch } from "../auth/gateway-caller.js";
import { callTimeoutMs } from "../limits.js";
import type { AuditEntry } from "./audit-entry.js";

/** Stores entries by way of dispatch. */
export function createAuditSender(bus: Bus): (entries: readonly AuditEntry[]) => Promise<void> {
  return async (entries) => {
    await askDispatch(bus, {
      operation: "internal/RecordAudit",
      payload: RecordAuditRequest.encode({ entries: [...entries] }).finish(),
      timeoutMs: callTimeoutMs,
    });
  };
}
