import { createHash } from "node:crypto";
import { NonRetryableError, task } from "@flovyn/sdk";
import type { Customer } from "./customer.js";

export const askCreditBureau = task({
  name: "ask-credit-bureau",
  retry: { maxRetries: 5, strategy: "exponential", base: "500ms", max: "30s" },
  run: (_ctx, customer: Customer): { limitCents: number } => {
    // The bureau of this example knows nobody. That is an answer, so trying again would not help.
    throw new NonRetryableError(`nothing is known of ${customer.name}`);
  },
});

export const createAccount = task({
  name: "create-account",
  retry: { maxRetries: 5, strategy: "exponential", base: "500ms", max: "30s" },
  run: (_ctx, { customer }: { customer: Customer; limitCents: number }): { account: string } => ({
    account: `A-${createHash("sha256").update(customer.email).digest("hex").slice(0, 8)}`,
  }),
});

export const sendReminder = task({
  name: "send-reminder",
  retry: 3,
  run: (ctx, { customer, count }: { customer: Customer; count: number }): void => {
    ctx.log.info(`reminder ${count} to ${customer.email}`);
  },
});
