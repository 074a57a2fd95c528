import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  approveExpense,
  type Decision,
  type Expense,
  type Role,
  registerExpenseApproval,
  requestApproval,
} from "@flovyn/example-expense-approval";
import { asideLine } from "../dev/demo-logger.js";
import type { HistoryItem } from "../dev/event-line.js";
import { callRest, untilReached } from "../dev/rest.js";
import type { RunDemo } from "./demo.js";
import { runExample, type Stage } from "./example-run.js";

/** How long a person thinks in this demo. */
const thinkingMs = 1000;
const managerMs = 2000;

export const run: RunDemo = ({ timeout, ...options }) => {
  const awaited: Role = timeout ? "director" : "manager";
  return runExample(
    {
      name: timeout ? "approval-timeout" : "approval",
      definition: approveExpense,
      register: registerExpenseApproval,
      start: (client) => client.startWorkflow(approveExpense, newExpense(timeout)),
      outside: answer(awaited),
    },
    options,
  );
};

function newExpense(timeout: boolean): Expense {
  return {
    // Of its own each time: a key stands for one promise.
    expenseId: `E-${randomUUID().slice(0, 8)}`,
    employee: "Ada Lovelace",
    purpose: "tea for the analytical society",
    cents: 6920,
    approvers: {
      manager: { name: "Charles Babbage", within: timeout ? managerMs : "5m" },
      director: { name: "Mary Somerville", within: "5m" },
    },
  };
}

/**
 * The one who is awaited clicks the link a second after the mail was sent: a POST that knows the key and nothing else. To send
 * it again, as a demo does that was killed, changes nothing.
 */
function answer(awaited: Role): (event: HistoryItem, stage: Stage) => Promise<void> {
  let key: string | undefined;
  return async ({ eventType, data }, { target, say, signal }) => {
    if (eventType === "PROMISE_CREATED" && data.promiseName === awaited) key = String(data.idempotencyKey);
    if (eventType !== "TASK_COMPLETED" || data.kind !== requestApproval.name || key === undefined) return;
    await pause(thinkingMs, undefined, { signal });
    const value: Decision = { approved: true, by: awaited };
    say(asideLine("outside", `POST .../promises/key:${key}/resolve ${JSON.stringify({ value })}`));
    const path = `/promises/key:${encodeURIComponent(key)}/resolve`;
    await untilReached(() => callRest(target, path, { value }), signal);
  };
}
