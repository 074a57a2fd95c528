import { approval } from "./approval.js";
import { children } from "./children.js";
import { conversation } from "./conversation.js";
import type { Demo } from "./demo.js";
import { fanOut } from "./fan-out.js";
import { index } from "./index-folder.js";
import { orders } from "./orders.js";
import { polling } from "./polling.js";
import { saga } from "./saga.js";

/** Every demo, in the order in which they are listed. */
export const demos: readonly Demo[] = [orders, saga, approval, polling, fanOut, conversation, children, index];

/** What `flovyn demo` prints: one line for each. */
export function listDemos(): string[] {
  const calls = demos.map(({ name, usage }) => `${name} ${usage}`.trimEnd());
  const width = Math.max(...calls.map((call) => call.length));
  const lines = demos.map(({ summary }, at) => `  ${calls[at]?.padEnd(width)}  ${summary}`);
  return ["flovyn demo <name>, against the server that `npm start` runs:", "", ...lines];
}
