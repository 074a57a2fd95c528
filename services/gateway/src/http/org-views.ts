import type { AuditEntry, OrgView, WorkerTokenView } from "@flovyn/proto/internal";
import { type JsonField, type JsonText, jsonArray, jsonObject, jsonTrusted } from "./json-text.js";
import { optionalTime, timeText } from "./views.js";

/** What REST shows of organizations, worker tokens and audit entries. */

export function orgJson(org: OrgView): JsonText {
  return jsonObject([
    ["id", org.id],
    ["name", org.name],
    ["slug", org.slug],
    ["tier", org.tier],
    ["region", org.region ?? null],
    ["quotas", jsonTrusted(org.quotas, "{}")],
    ["createdAt", timeText(org.createdAtMs)],
  ]);
}

/** A page of a list, by the name of its items. An empty cursor is that of the last page. */
export function pageJson(name: string, items: readonly JsonText[], nextCursor: string): JsonText {
  return jsonObject([
    [name, jsonArray(items)],
    ["nextCursor", nextCursor === "" ? null : nextCursor],
  ]);
}

export function workerTokenJson(token: WorkerTokenView): JsonText {
  return jsonObject([
    ...tokenFacts(token),
    ["revokedAt", optionalTime(token.revokedAtMs)],
    ["lastUsedAt", optionalTime(token.lastUsedAtMs)],
  ]);
}

/** With the token itself, which is shown this once. */
export function createdTokenJson(view: WorkerTokenView, token: string): JsonText {
  return jsonObject([...tokenFacts(view), ["token", token]]);
}

function tokenFacts(token: WorkerTokenView): JsonField[] {
  return [
    ["id", token.id],
    ["displayName", token.displayName],
    ["prefix", token.prefix],
    ["createdBy", token.createdBy],
    ["createdAt", timeText(token.createdAtMs)],
    ["expiresAt", optionalTime(token.expiresAtMs)],
  ];
}

export function auditEntryJson(entry: AuditEntry): JsonText {
  return jsonObject([
    ["id", entry.id],
    ["at", timeText(entry.atMs)],
    ["principalType", entry.principalType],
    ["principalId", entry.principalId],
    ["role", entry.role],
    ["action", entry.action],
    ["resourceType", entry.resourceType],
    ["resourceId", entry.resourceId],
    ["outcome", entry.outcome],
    ["reason", entry.reason],
    ["address", entry.address],
    ["requestId", entry.requestId],
    ["door", entry.door],
  ]);
}
