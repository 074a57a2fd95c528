/** Allowed and done, refused by who or what the caller is, or allowed and not done. */
export type AuditOutcome = "allowed" | "denied" | "failed";

/**
 * What a principal is to the readers of a log. Anonymous: no credential says who called. Operator: of the cluster, not of the org.
 * Foreign: of another org, whose ids and roles are its own business. PromiseToken: has no key but a token of one promise.
 */
export const auditedTypes = ["User", "Worker", "Service", "Operator", "PromiseToken", "Anonymous", "Foreign"] as const;
export type AuditedType = (typeof auditedTypes)[number];

/** Who did what to which object, how it ended, and from where. */
export interface AuditEntry {
  /** UUID of version 7: a repeated report is one entry. */
  id: string;
  atMs: number;
  /** Empty when nobody knows who called, or the call belongs to no org. */
  orgId: string;
  principalType: AuditedType;
  /** Empty where it is not for the readers of this log. */
  principalId: string;
  role: string;
  /** As the tables of RPCs and routes name it. */
  action: string;
  resourceType: string;
  /** Empty where the call names none. */
  resourceId: string;
  outcome: AuditOutcome;
  /** Why it was denied or failed: a code, not a text. */
  reason: string;
  /** Of the peer; that of a proxy where there is one. */
  address: string;
  requestId: string;
  door: "grpc" | "http";
}

/** What a door knows of one call when it has ended. */
export type AuditedCall = Omit<AuditEntry, "id" | "atMs">;
