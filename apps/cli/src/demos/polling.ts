import { exportReport, registerReportExport, sampleExport } from "@flovyn/example-report-export";
import type { Demo } from "./demo.js";
import { runExample } from "./example-run.js";

export const polling: Demo = {
  name: "polling",
  usage: "",
  summary: "a job elsewhere, looked at again and again between sleeps that grow",
  options: [],
  words: 0,
  run: (options) =>
    runExample(
      {
        name: "polling",
        definition: exportReport,
        register: registerReportExport,
        start: (client) => client.startWorkflow(exportReport, sampleExport),
      },
      options,
    ),
};
