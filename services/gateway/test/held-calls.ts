import type { CallFacts } from "../src/audit/auditor.js";
import { HeldCalls } from "../src/auth/held-calls.js";
import { silentLog } from "./silent-log.js";
import { testBudgets } from "./test-budgets.js";

/** Held calls of which as many are let in as any test has. */
export function unlimitedHeldCalls(now: () => number = Date.now): HeldCalls {
  const { held_streams: streams, held_polls: polls } = testBudgets();
  return new HeldCalls({ now, budgets: { streams, polls }, denied: () => {}, log: silentLog });
}

/** Of a call that no test asks the audit log about. */
export const unaudited: CallFacts = {
  ...{ door: "grpc", caller: undefined, action: undefined },
  ...{ resourceId: "", address: "", requestId: "" },
};
