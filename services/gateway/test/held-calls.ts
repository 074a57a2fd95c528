import type { CallFacts } from "../src/audit/auditor.js";
import { HeldCalls } from "../src/auth/held-calls.js";
import { silentLog } from "./silent-log.js";

/** Held calls without a limit, of which nobody is told. */
export function unlimitedHeldCalls(now: () => number = Date.now): HeldCalls {
  const nothing = () => {};
  return new HeldCalls({ now, max: { streams: 0, polls: 0 }, refused: nothing, denied: nothing, log: silentLog });
}

/** Of a call that no test asks the audit log about. */
export const unaudited: CallFacts = {
  ...{ door: "grpc", caller: undefined, action: undefined },
  ...{ resourceId: "", address: "", requestId: "" },
};
