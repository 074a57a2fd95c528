import type { FlovynClient } from "@flovyn/sdk";
import { writeAnswer } from "./tasks.js";
import { supportChat } from "./workflow.js";

export * from "./answer.js";
export * from "./chat.js";
export * from "./tasks.js";
export { supportChat } from "./workflow.js";

/** Makes a client able to hold conversations. */
export function registerSupportChat(client: FlovynClient): void {
  client.registerWorkflow(supportChat);
  client.registerTask(writeAnswer);
}
