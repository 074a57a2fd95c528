import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { type AuditEntryRow, insertAuditEntries, listAuditEntries } from "@flovyn/db";
import { checkLength, cutText, DomainError, invalidField, parseInteger, parseUuid } from "@flovyn/domain";
import { type AuditEntry, ListAuditRequest, ListAuditResponse, RecordAuditRequest } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";
import { formatCursor, parseCursor } from "./cursor.js";

const entriesMax = 1000;
const pageLimitMax = 100;
const filterLengthMax = 255;
const outcomes = ["allowed", "denied", "failed"];
const empty = new Uint8Array(0);

/** Stores entries of gateways. Errors: Forbidden, InvalidInput. */
export async function recordAudit(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  if (request.caller.principalType !== "Service") {
    throw new DomainError("Forbidden", "only services may write the audit log");
  }
  const { entries } = decodeMessage(RecordAuditRequest, request.payload);
  if (entries.length > entriesMax) throw invalidField("entries", `must be at most ${entriesMax}`);
  await insertAuditEntries(context.db, entries.map(toRow));
  return empty;
}

/** A page of the entries of the caller's org, newest first; of no org where the caller has none. Errors: InvalidInput. */
export async function listAudit(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ListAuditRequest, request.payload);
  const limit = parseInteger(message.limit, "limit", 1, pageLimitMax);
  const { orgId } = request.caller;
  if (message.outcome !== "" && !outcomes.includes(message.outcome)) {
    throw invalidField("outcome", `must be one of ${outcomes.join(", ")}`);
  }
  const filter = (text: string, field: string) => (text === "" ? null : checkLength(text, field, filterLengthMax));
  const found = await listAuditEntries(context.db, {
    orgId: orgId === "" ? null : orgId,
    action: filter(message.action, "action"),
    principalId: filter(message.principalId, "principal"),
    resourceId: filter(message.resourceId, "resource"),
    outcome: filter(message.outcome, "outcome"),
    fromMs: message.fromMs ?? null,
    toMs: message.toMs ?? null,
    before: parseCursor(message.cursor),
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  return ListAuditResponse.encode({ entries: page.map(toMessage), nextCursor: formatCursor(found, page) }).finish();
}

/** What callers chose themselves is cut to the columns: an entry is worth more than its last characters. */
function toRow(entry: AuditEntry): AuditEntryRow {
  return {
    id: parseUuid(entry.id, "entries.id"),
    orgId: entry.orgId === "" ? null : parseUuid(entry.orgId, "entries.org_id"),
    occurredAt: entry.atMs,
    principalType: cutText(entry.principalType, 20),
    principalId: cutText(entry.principalId, 255),
    role: cutText(entry.role, 50),
    action: cutText(entry.action, 100),
    resourceType: cutText(entry.resourceType, 50),
    resourceId: cutText(entry.resourceId, 255),
    outcome: outcomes.includes(entry.outcome) ? entry.outcome : "failed",
    reason: cutText(entry.reason, 500),
    address: cutText(entry.address, 100),
    requestId: cutText(entry.requestId, 128),
    door: entry.door === "grpc" ? "grpc" : "http",
  };
}

function toMessage({ occurredAt, orgId, ...row }: AuditEntryRow): AuditEntry {
  return { ...row, atMs: occurredAt, orgId: orgId ?? "" };
}
