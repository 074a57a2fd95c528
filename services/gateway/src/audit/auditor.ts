import { type ActionName, promiseTokenId } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { cutText, DomainError } from "@flovyn/domain";
import { bareId } from "../authorization/bare-id.js";
import { auditedTextMax } from "../limits.js";
import type { AuditEntry, AuditedType } from "./audit-entry.js";
import type { AuditLog } from "./audit-log.js";
import { type AuditLevel, isAudited, resourceTypeOf } from "./audited-actions.js";

/** One call at a door, as far as it is known. */
export interface CallFacts {
  door: AuditEntry["door"];
  /** Undefined while nobody knows who calls. */
  caller: Caller | undefined;
  /** The org that the call is about where it is not that of the caller. */
  orgId?: string;
  /** Undefined for a call that ended before anybody knew what it wants. */
  action: ActionName | undefined;
  resourceId: string;
  address: string;
  requestId: string;
}

/** What a call ended with: nothing, or a code of the error table. */
export type CallError = { code: string; reason?: string | undefined } | undefined;

/** Turns ends of calls into audit entries: those of steering and management, and all that were denied. */
export class Auditor {
  readonly #log: AuditLog;
  readonly #level: AuditLevel;

  constructor(log: AuditLog, level: AuditLevel) {
    this.#log = log;
    this.#level = level;
  }

  /** Whether an allowed call of this action is recorded. */
  records(action: ActionName): boolean {
    return isAudited(action, this.#level);
  }

  ended(call: CallFacts, error: CallError): void {
    const isDenied = isDenial(call.caller, error);
    if (!isDenied && (call.action === undefined || !this.records(call.action))) return;
    const { caller, action } = call;
    const orgId = call.orgId ?? caller?.orgId ?? "";
    this.#log.record({
      orgId,
      ...auditedPrincipal(caller, orgId),
      action: action ?? "authenticate",
      resourceType: action === undefined ? "" : resourceTypeOf(action),
      resourceId: cutText(bareId(call.resourceId) ?? call.resourceId, auditedTextMax),
      outcome: isDenied ? "denied" : error === undefined ? "allowed" : "failed",
      reason: error === undefined ? "" : (error.reason ?? error.code),
      address: call.address,
      requestId: call.requestId,
      door: call.door,
    });
  }
}

/**
 * Who called, for the readers of the log of this org. They learn of a principal of another org that there was one, and from
 * where: its id and role stay with its own org, whose log has the same request id, and cannot be taken for ids of theirs.
 */
export function auditedPrincipal(
  caller: Caller | undefined,
  orgId: string,
): Pick<AuditEntry, "principalType" | "principalId" | "role"> {
  if (caller === undefined) return { principalType: "Anonymous", principalId: "", role: "" };
  const { principalId, role = "" } = caller;
  if (caller.orgId !== "" && caller.orgId !== orgId) return { principalType: "Foreign", principalId: "", role: "" };
  return { principalType: auditedType(caller), principalId, role };
}

function auditedType({ orgId, principalType, principalId, role }: Caller): AuditedType {
  if (principalType !== "User") return principalType;
  if (orgId === "") return "Operator";
  return principalId === promiseTokenId && role === undefined ? "PromiseToken" : "User";
}

/** Whoever ends as nobody was kept out, whatever the reason was: a wrong key, too many of them, a check that failed. */
export function isDenial(caller: Caller | undefined, error: CallError): boolean {
  return (
    error !== undefined && (caller === undefined || error.code === "Unauthenticated" || error.code === "Forbidden")
  );
}

/** How an error is recorded. */
export function toCallError(error: unknown): NonNullable<CallError> {
  if (error instanceof DomainError) return { code: error.code, reason: error.reason };
  return { code: "Internal" };
}
