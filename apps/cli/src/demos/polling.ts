import { exportReport, registerReportExport, sampleExport } from "@flovyn/example-report-export";
import type { RunDemo } from "./demo.js";
import { runExample } from "./example-run.js";

export const run: RunDemo = (options) =>
  runExample(
    {
      name: "polling",
      definition: exportReport,
      register: registerReportExport,
      start: (client) => client.startWorkflow(exportReport, sampleExport),
    },
    options,
  );
