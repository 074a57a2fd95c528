import type { FlovynClient } from "@flovyn/sdk";
import { chargeCustomer, priceOrder, reserveItem, shipOrder, validateOrder } from "./tasks.js";
import { processOrder } from "./workflow.js";

export * from "./order.js";
export * from "./tasks.js";
export { processOrder } from "./workflow.js";

/** Makes a client able to run orders. */
export function registerOrderProcessing(client: FlovynClient): void {
  client.registerWorkflow(processOrder);
  client.registerTask(validateOrder);
  client.registerTask(priceOrder);
  client.registerTask(chargeCustomer);
  client.registerTask(reserveItem);
  client.registerTask(shipOrder);
}
