/**
 * One activation as an SDK of a family runs it: the code runs from its beginning, calls that the history knows get their
 * answers, calls beyond it become commands, and code that waits for something that is not there suspends.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { WorkflowEvent, WorkflowExecution } from "@flovyn/proto/v1";
import type { WorkflowCode } from "../worker/raw-worker.js";
import type { Submission } from "../worker/submission.js";
import type { End, Family } from "./family.js";
import { ReplayContext } from "./replay-context.js";
import { ReplayError } from "./replayed.js";

/** A workflow as a user of an SDK writes it. It awaits only what the context gives. */
export type Flow = (context: ReplayContext) => Promise<unknown>;

/** Errors: ReplayError where the SDK would call the history or the code a violation. */
export async function activate(
  family: Family,
  flow: Flow,
  execution: WorkflowExecution,
  events: readonly WorkflowEvent[],
): Promise<Submission> {
  const context = new ReplayContext(family, execution, events);
  const running: Promise<End> = flow(context).then(
    (output) => ({ type: "completed", output: JSON.stringify(output ?? null) }),
    (error: unknown) => {
      if (error instanceof ReplayError || !(error instanceof Error)) throw error;
      return { type: "failed", error: error.message };
    },
  );
  // All that it may await is settled already or stays open: after one turn of the loop it has come as far as it can.
  const end = await Promise.race([running, turnOfTheLoop<End>({ type: "suspended" })]);
  return family.submission(context.commands, end, events.length);
}

/** The same for a RawWorker. */
export function flowCode(family: Family, flow: Flow): WorkflowCode {
  return (execution, events) => activate(family, flow, execution, events);
}
