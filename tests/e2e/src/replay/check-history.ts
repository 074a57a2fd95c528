import assert from "node:assert/strict";
import type { WorkflowEvent } from "@flovyn/proto/v1";
import { assertContiguous, dataOf, typesOf } from "../history.js";
import { finalTypes, replayableTypes } from "./event-types.js";
import { readFfi } from "./ffi.js";
import { readKotlin } from "./kotlin.js";
import { readNapi } from "./napi.js";
import type { Replayed } from "./replayed.js";
import { readRust } from "./rust.js";

/** What begins and what may end a call of each kind, and the member that joins them. */
const calls = [
  { begin: "TASK_SCHEDULED", ends: ["TASK_COMPLETED", "TASK_FAILED"], id: "taskExecutionId" },
  { begin: "TIMER_STARTED", ends: ["TIMER_FIRED", "TIMER_CANCELLED"], id: "timerId" },
  { begin: "PROMISE_CREATED", ends: ["PROMISE_RESOLVED", "PROMISE_REJECTED", "PROMISE_TIMEOUT"], id: "promiseId" },
  {
    begin: "CHILD_WORKFLOW_INITIATED",
    ends: ["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"],
    id: "childExecutionName",
  },
];

/**
 * What holds for every history, whatever ran: sequences without a gap, known events only, every call begun once and ended at
 * most once and later, nothing after the end; and every family of SDKs reads the same in it. Errors: AssertionError, ReplayError.
 */
export function checkHistory(events: readonly WorkflowEvent[]): void {
  assertContiguous(events);
  const types = typesOf(events);
  assert.equal(types[0], "WORKFLOW_STARTED");
  assert.ok(!types.slice(1).includes("WORKFLOW_STARTED"), "started twice");
  const unknown = types.filter((type) => !replayableTypes.has(type) && !finalTypes.has(type));
  assert.deepEqual(unknown, []);
  assert.ok(!types.slice(0, -1).some((type) => finalTypes.has(type)), `goes on after its end: ${types.join(" ")}`);
  for (const call of calls) checkCalls(events, call);
  checkReaders(events.filter(({ eventType }) => replayableTypes.has(eventType)));
}

function checkCalls(events: readonly WorkflowEvent[], call: (typeof calls)[number]): void {
  const open = new Set<string>();
  const ended = new Set<string>();
  for (const event of events) {
    const id = `${call.id} ${dataOf(event)[call.id]}`;
    if (event.eventType === call.begin) {
      assert.ok(!open.has(id) && !ended.has(id), `${call.begin} twice for ${id}`);
      open.add(id);
    }
    if (!call.ends.includes(event.eventType)) continue;
    assert.ok(!ended.has(id), `${event.eventType} for ${id}, which had ended`);
    assert.ok(open.delete(id), `${event.eventType} for ${id}, which did not begin`);
    ended.add(id);
  }
}

/** All families see the same calls, endings and signals, as far as they can read what they find. */
function checkReaders(events: readonly WorkflowEvent[]): void {
  const byRust = readRust(events);
  const byFfi = readFfi(events);
  assert.deepEqual(readNapi(events), byFfi);
  assert.deepEqual(comparable(byRust), comparable(byFfi));
  // It knows no signals, and promises only under another key.
  if (byFfi.signals.size > 0 || byFfi.promises.length > 0) return;
  assert.deepEqual(readKotlin(events), byFfi);
}

/** Three differences are meant: some take the last result of a name, match no clears, and never end a cancelled timer. */
function comparable(replayed: Replayed): Replayed {
  const last = new Map(replayed.operations.map(({ name, result }) => [name, result]));
  return {
    ...replayed,
    operations: replayed.operations.map(({ name }) => ({ name, result: last.get(name) })),
    state: replayed.state.filter(({ type }) => type === "set"),
    timers: replayed.timers.map(({ timerId, ending }) => ({
      timerId,
      ending: ending !== undefined && "error" in ending ? undefined : ending,
    })),
  };
}
