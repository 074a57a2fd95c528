import { onboardCustomer, registerCustomerOnboarding, sampleOnboarding } from "@flovyn/example-customer-onboarding";
import type { RunDemo } from "./demo.js";
import { runExample } from "./example-run.js";

export const run: RunDemo = (options) =>
  runExample(
    {
      name: "children",
      definition: onboardCustomer,
      register: registerCustomerOnboarding,
      start: (client) => client.startWorkflow(onboardCustomer, sampleOnboarding),
      withChildren: true,
    },
    options,
  );
