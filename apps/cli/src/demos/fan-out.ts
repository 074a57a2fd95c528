import { registerSalesReport, reportSales, sampleQuestion } from "@flovyn/example-sales-report";
import type { Demo } from "./demo.js";
import { runExample } from "./example-run.js";

export const fanOut: Demo = {
  name: "fan-out",
  usage: "",
  summary: "twelve tasks, four at a time, added up; one of them fails",
  options: [],
  words: 0,
  run: (options) =>
    runExample(
      {
        name: "fan-out",
        definition: reportSales,
        register: registerSalesReport,
        start: (client) => client.startWorkflow(reportSales, sampleQuestion),
      },
      options,
    ),
};
