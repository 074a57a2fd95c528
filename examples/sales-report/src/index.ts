import type { FlovynClient } from "@flovyn/sdk";
import { readTill } from "./tasks.js";
import { reportSales } from "./workflow.js";

export { mapWindow } from "./map-window.js";
export * from "./sales.js";
export * from "./tasks.js";
export { reportSales } from "./workflow.js";

/** Makes a client able to report sales. */
export function registerSalesReport(client: FlovynClient): void {
  client.registerWorkflow(reportSales);
  client.registerTask(readTill);
}
