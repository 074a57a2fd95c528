import type { FlovynClient } from "@flovyn/sdk";
import { checkExport, startExport } from "./tasks.js";
import { exportReport } from "./workflow.js";

export * from "./export.js";
export { type PollPlan, pollDelays } from "./poll-delays.js";
export * from "./tasks.js";
export { exportReport } from "./workflow.js";

/** Makes a client able to export reports. */
export function registerReportExport(client: FlovynClient): void {
  client.registerWorkflow(exportReport);
  client.registerTask(startExport, checkExport);
}
