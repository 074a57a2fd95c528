import { onboardCustomer, registerCustomerOnboarding, sampleOnboarding } from "@flovyn/example-customer-onboarding";
import type { Demo } from "./demo.js";
import { runExample } from "./example-run.js";

export const children: Demo = {
  name: "children",
  usage: "",
  summary: "three child workflows: one succeeds, one fails, one is cancelled",
  options: [],
  words: 0,
  run: (options) =>
    runExample(
      {
        name: "children",
        definition: onboardCustomer,
        register: registerCustomerOnboarding,
        start: (client) => client.startWorkflow(onboardCustomer, sampleOnboarding),
        withChildren: true,
      },
      options,
    ),
};
