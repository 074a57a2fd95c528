import assert from "node:assert/strict";
import type { WorkflowEvent } from "@flovyn/proto/v1";
import { count, dataOf, type FlovynClient, type Flow, ffi, flowCode, RawWorker, type Retry } from "../src/index.js";

/** How long the timers and timeouts of a workflow last, in ms: its input. */
export interface Durations {
  short: number;
  long: number;
}

/**
 * A workflow that waits for one of everything at once: two timers, a promise that is given and one that times out, two
 * children that sleep, and a signal.
 */
export const everyWait: Flow = async (context) => {
  const { short, long } = context.input as Durations;
  if (context.execution.kind === "sleeping-child") {
    await context.sleep(short);
    return "slept";
  }
  const ended = await Promise.all([
    context.sleep(short),
    context.sleep(long),
    context.promise("given"),
    context.promise("slow", { timeoutMs: long }).catch((error: Error) => error.message),
    context.child("sleeping-child", { short, long }, "first").ended,
    context.child("sleeping-child", { short: long, long }, "second").ended,
    context.signal("go"),
  ]);
  return ended;
};

export const everyWaitsOutput = [null, null, "given", "promise timed out", "slept", "slept", "gone"];

/** What ends the waits that no clock ends. Safe to repeat. */
export async function endWaits(client: FlovynClient, retry: Retry, workflowExecutionId: string): Promise<void> {
  const promiseId = `${workflowExecutionId}:given`;
  const signal = { workflowExecutionId, signalName: "go", signalId: "once", signalValue: Buffer.from('"gone"') };
  await retry(() => client.signalWorkflow(signal));
  await retry(() => client.resolvePromise({ promiseId, value: Buffer.from('"given"') }));
}

/** A worker of it that survives restarts: it repeats what was not answered, and takes back what was lost after 5 s. */
export function everyWaitWorker(client: FlovynClient, queue: string, retry: Retry): RawWorker {
  return new RawWorker({
    ...{ client, queue, retry, workerId: `worker-${queue}`, slots: 4, leaseMs: 5000, sendClaims: true },
    runWorkflow: flowCode(ffi, everyWait),
  });
}

/** Everything that it waited for ended once, and it completed. */
export function assertEveryWait(events: readonly WorkflowEvent[]): void {
  const counts = Object.fromEntries(
    [...new Set(events.map((one) => one.eventType))].map((type) => [type, count(events, type)]),
  );
  assert.deepEqual(counts, {
    WORKFLOW_STARTED: 1,
    TIMER_STARTED: 2,
    PROMISE_CREATED: 2,
    CHILD_WORKFLOW_INITIATED: 2,
    SIGNAL_RECEIVED: 1,
    TIMER_FIRED: 2,
    PROMISE_RESOLVED: 1,
    PROMISE_TIMEOUT: 1,
    CHILD_WORKFLOW_COMPLETED: 2,
    WORKFLOW_COMPLETED: 1,
  });
  const last = events.at(-1);
  assert.deepEqual(last && dataOf(last).output, everyWaitsOutput);
}
