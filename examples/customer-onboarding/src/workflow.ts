import { ChildWorkflowFailedError, workflow } from "@flovyn/sdk";
import { checkCredit, openAccount, remindCustomer } from "./children.js";
import type { OnboardedCustomer, Onboarding } from "./customer.js";

/** Runs three children: reminders beside everything, the credit check, whose failure it bears, and the account. */
export const onboardCustomer = workflow({
  name: "customer-onboarding",
  description: "A parent with three children of different kinds.",
  run: async (ctx, { customer, coolingOff, remindEvery }: Onboarding): Promise<OnboardedCustomer> => {
    const reminders = ctx.scheduleWorkflow(remindCustomer, { customer, every: remindEvery }, { name: "reminders" });
    try {
      const credit = await failureOr(ctx.scheduleWorkflow(checkCredit, customer, { name: "credit" }));
      const limitCents = typeof credit === "string" ? 0 : credit.limitCents;

      const request = { customer, limitCents, coolingOff };
      const account = await ctx.scheduleWorkflow(openAccount, request, { name: "account" });

      reminders.cancel("the account is open");
      const creditRefused = typeof credit === "string" ? credit : null;
      return { account, limitCents, creditRefused, reminders: await failureOr(reminders) };
    } finally {
      // Children do not end with a parent that fails: without this they would be reminded for ever of what came to nothing.
      reminders.cancel("the onboarding has ended");
    }
  },
});

/** The output of a child, or the text with which it failed or was cancelled. */
async function failureOr<Output>(child: Promise<Output>): Promise<Output | string> {
  try {
    return await child;
  } catch (error) {
    if (error instanceof ChildWorkflowFailedError) return error.failure;
    throw error;
  }
}
