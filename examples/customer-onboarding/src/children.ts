import { type DurationInput, workflow } from "@flovyn/sdk";
import type { Customer } from "./customer.js";
import { askCreditBureau, createAccount, sendReminder } from "./tasks.js";

/** Fails when the bureau knows nothing: what that means is the parent's business. */
export const checkCredit = workflow({
  name: "check-credit",
  run: (ctx, customer: Customer): Promise<{ limitCents: number }> => ctx.schedule(askCreditBureau, customer),
});

export const openAccount = workflow({
  name: "open-account",
  run: async (ctx, request: { customer: Customer; limitCents: number; coolingOff: DurationInput }): Promise<string> => {
    const { customer, limitCents, coolingOff } = request;
    const { account } = await ctx.schedule(createAccount, { customer, limitCents });
    await ctx.sleep(coolingOff);
    return account;
  },
});

const remindersMax = 10;

/** Goes on until its parent has enough of it. A cancelled workflow is ended by the server: it needs no code for that. */
export const remindCustomer = workflow({
  name: "remind-customer",
  run: async (ctx, { customer, every }: { customer: Customer; every: DurationInput }): Promise<string> => {
    for (let count = 1; count <= remindersMax; count++) {
      await ctx.sleep(every);
      await ctx.schedule(sendReminder, { customer, count });
    }
    return `gave up after ${remindersMax} reminders`;
  },
});
