import { task } from "@flovyn/sdk";
import type { Expense } from "./expense.js";

/** In place of a mail with two links, one to approve and one to decline. */
export const requestApproval = task({
  name: "request-approval",
  retry: { maxRetries: 10, strategy: "exponential", base: "1s", max: "1m" },
  run: (ctx, request: { to: string; expense: Expense; key: string }): void => {
    ctx.log.info(
      `asked ${request.to} about ${(request.expense.cents / 100).toFixed(2)} for ${request.expense.purpose}`,
    );
  },
});

export const payExpense = task({
  name: "pay-expense",
  retry: { maxRetries: 10, strategy: "exponential", base: "1s", max: "1m" },
  run: (ctx, expense: Expense): void => {
    ctx.log.info(`paid ${(expense.cents / 100).toFixed(2)} to ${expense.employee}`);
  },
});
