import type { FlovynClient } from "@flovyn/sdk";
import { payExpense, requestApproval } from "./tasks.js";
import { approveExpense } from "./workflow.js";

export * from "./expense.js";
export * from "./tasks.js";
export { approveExpense } from "./workflow.js";

/** Makes a client able to run approvals. */
export function registerExpenseApproval(client: FlovynClient): void {
  client.registerWorkflow(approveExpense);
  client.registerTask(requestApproval, payExpense);
}
