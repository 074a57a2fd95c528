import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  approveExpense,
  type Decision,
  type Expense,
  type Role,
  registerExpenseApproval,
} from "@flovyn/example-expense-approval";
import { asideLine } from "../dev/demo-logger.js";
import type { HistoryItem } from "../dev/event-line.js";
import { callRest, untilReached } from "../dev/rest.js";
import type { Demo } from "./demo.js";
import { runExample, type Stage } from "./example-run.js";

/** How long a person thinks in this demo. */
const thinkingMs = 1000;
const managerMs = 1500;

export const approval: Demo = {
  name: "approval",
  usage: "[--timeout]",
  summary: "a person approves by a key; --timeout: is too late, and another one does",
  options: ["timeout"],
  words: 0,
  run: ({ timeout, ...options }) => {
    const awaited: Role = timeout ? "director" : "manager";
    return runExample(
      {
        name: timeout ? "approval-timeout" : "approval",
        definition: approveExpense,
        register: registerExpenseApproval,
        start: (client) => client.startWorkflow(approveExpense, newExpense(timeout)),
        outside: (event, stage) => decide(awaited, event, stage),
      },
      options,
    );
  },
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

/** A second after the request the one who is awaited clicks the link in the mail: a POST that knows the key and nothing else. */
async function decide(awaited: Role, { eventType, data }: HistoryItem, { target, say, signal }: Stage): Promise<void> {
  if (eventType !== "PROMISE_CREATED" || data.promiseName !== awaited) return;
  await pause(thinkingMs, undefined, { signal });
  const path = `/promises/key:${encodeURIComponent(String(data.idempotencyKey))}/resolve`;
  const value: Decision = { approved: true, by: awaited };
  say(asideLine("outside", `POST .../promises/key:${data.idempotencyKey}/resolve ${JSON.stringify({ value })}`));
  await untilReached(() => callRest(target, path, { value }), signal);
}
