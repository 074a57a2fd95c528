import type { FlovynClient } from "@flovyn/sdk";
import { checkCredit, openAccount, remindCustomer } from "./children.js";
import { askCreditBureau, createAccount, sendReminder } from "./tasks.js";
import { onboardCustomer } from "./workflow.js";

export * from "./children.js";
export * from "./customer.js";
export * from "./tasks.js";
export { onboardCustomer } from "./workflow.js";

/** Makes a client able to onboard customers. */
export function registerCustomerOnboarding(client: FlovynClient): void {
  client.registerWorkflow(onboardCustomer, checkCredit, openAccount, remindCustomer);
  client.registerTask(askCreditBureau, createAccount, sendReminder);
}
