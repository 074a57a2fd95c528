import type { DurationInput } from "@flovyn/sdk";

/** Who may decide, in the order in which they are asked. */
export type Role = "manager" | "director";

export interface Expense {
  expenseId: string;
  employee: string;
  purpose: string;
  cents: number;
  approvers: Record<Role, Approver>;
}

export interface Approver {
  name: string;
  /** How long this person has. */
  within: DurationInput;
}

/** What an approver sends back. */
export interface Decision {
  approved: boolean;
  by: string;
}

export interface ExpenseOutcome {
  expenseId: string;
  status: "paid" | "declined" | "expired";
  /** Null when nobody decided. */
  decidedBy: string | null;
}

/**
 * The key under which the decision is awaited, unique in the organization. Whoever calls back needs to know this and nothing
 * of the workflow: `POST /api/orgs/<org>/promises/key:<this>/resolve`.
 */
export function approvalKey(expenseId: string, role: Role): string {
  return `expense:${expenseId}:${role}`;
}
