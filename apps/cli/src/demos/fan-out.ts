import { registerSalesReport, reportSales, sampleQuestion } from "@flovyn/example-sales-report";
import type { RunDemo } from "./demo.js";
import { runExample } from "./example-run.js";

export const run: RunDemo = (options) =>
  runExample(
    {
      name: "fan-out",
      definition: reportSales,
      register: registerSalesReport,
      start: (client) => client.startWorkflow(reportSales, sampleQuestion),
    },
    options,
  );
