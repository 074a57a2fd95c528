import { processOrder, registerOrderProcessing, sampleOrder } from "@flovyn/example-order-processing";
import type { RunDemo } from "./demo.js";
import { runExample } from "./example-run.js";

export const run: RunDemo = (options) =>
  runExample(
    {
      name: "orders",
      definition: processOrder,
      register: registerOrderProcessing,
      start: (client) => client.startWorkflow(processOrder, sampleOrder),
    },
    options,
  );
