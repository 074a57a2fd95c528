import { PromiseTimeoutError, type WorkflowContext, workflow } from "@flovyn/sdk";
import { approvalKey, type Decision, type Expense, type ExpenseOutcome, type Role } from "./expense.js";
import { payExpense, requestApproval } from "./tasks.js";

/** Without this a key is forgotten after a day, and with it the answer of whoever takes longer. The most is 30 days. */
const keyTtl = "30d";

/** Asks the manager, then the director when the manager is too late, and pays what is approved. */
export const approveExpense = workflow({
  name: "expense-approval",
  description: "An expense that a person has to approve within a time.",
  run: async (ctx, expense: Expense): Promise<ExpenseOutcome> => {
    const { expenseId } = expense;
    const decision = (await ask(ctx, expense, "manager")) ?? (await ask(ctx, expense, "director"));
    ctx.clear("waitingFor");
    if (decision === undefined) return { expenseId, status: "expired", decidedBy: null };
    if (!decision.approved) return { expenseId, status: "declined", decidedBy: decision.by };
    await ctx.schedule(payExpense, expense);
    return { expenseId, status: "paid", decidedBy: decision.by };
  },
});

/** The decision of one person, undefined when the time is up. */
async function ask(ctx: WorkflowContext, expense: Expense, role: Role): Promise<Decision | undefined> {
  const { name, within } = expense.approvers[role];
  ctx.set("waitingFor", role);
  // The promise is there before anybody hears of its key: an answer can come as soon as the request is sent. Its timeout is
  // kept by the server. Once it has run out, a late answer is refused instead of being lost unnoticed.
  const key = approvalKey(expense.expenseId, role);
  const decision = ctx.promise<Decision>(role, { timeout: within, idempotencyKey: key, idempotencyKeyTtl: keyTtl });
  await ctx.schedule(requestApproval, { to: name, expense, key });
  try {
    return await decision;
  } catch (error) {
    if (error instanceof PromiseTimeoutError) return undefined;
    throw error;
  }
}
