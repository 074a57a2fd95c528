import type { WorkflowEvent } from "@flovyn/proto/v1";
import { cancelChild } from "../worker/commands.js";
import { completed, failed, suspended } from "../worker/submission.js";
import { derivedIds } from "./derived-ids.js";
import { EventLog } from "./event-log.js";
import { replayableTypes } from "./event-types.js";
import { type Family, numbered } from "./family.js";
import type { Ending, Replayed } from "./replayed.js";
import { signalQueues } from "./signal-queues.js";

/** The UniFFI library under the Python SDK. */
export const ffi: Family = {
  name: "ffi",
  read: readFfi,
  ids: derivedIds,
  timerId: (n) => `timer-${n}`,
  childName: ({ uuid }) => uuid(),
  childQueue: "",
  resendsClear: true,
  cancelChild: ({ id }) => cancelChild({ id }),
  submission(commands, end) {
    if (end.type === "completed") return numbered(completed(end.output, ...commands), 1);
    if (end.type === "failed") return numbered(failed(end.error, ...commands), 1);
    return numbered(suspended(...commands), 1);
  },
};

/** Everything it does not know it takes for an operation. */
export function readFfi(events: readonly WorkflowEvent[]): Replayed {
  return readWithOutput(new EventLog(events, (type) => (replayableTypes.has(type) ? type : "OPERATION_COMPLETED")));
}

/** What the libraries for other languages have in common: the result of a task lies under `output` alone. */
export function readWithOutput(log: EventLog): Replayed {
  return {
    operations: operations(log),
    state: sets(log),
    tasks: log.of("TASK_SCHEDULED").map((event) => {
      const id = event.text("taskExecutionId");
      const end = log.last(["TASK_COMPLETED", "TASK_FAILED"], "taskExecutionId", id);
      return { id, kind: event.text("kind"), ending: ending(end, { success: "TASK_COMPLETED", value: "output" }) };
    }),
    timers: timers(log),
    promises: log.of("PROMISE_CREATED").map((event) => {
      const id = event.text("promiseId");
      const end = log.last(["PROMISE_RESOLVED", "PROMISE_REJECTED", "PROMISE_TIMEOUT"], "promiseId", id);
      const timedOut = end?.type === "PROMISE_TIMEOUT";
      return {
        id,
        name: event.text("promiseName"),
        ending: timedOut
          ? { error: "promise timed out" }
          : ending(end, { success: "PROMISE_RESOLVED", value: "value" }),
      };
    }),
    children: log.of("CHILD_WORKFLOW_INITIATED").map((event) => {
      const name = event.text("childExecutionName");
      const end = log.last(["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"], "childExecutionName", name);
      return {
        id: event.text("childExecutionId"),
        name,
        kind: event.text("childWorkflowKind"),
        ending: ending(end, { success: "CHILD_WORKFLOW_COMPLETED", value: "output" }),
      };
    }),
    signals: signalQueues(log),
  };
}

/** Names are matched by position, results are looked up by name: the last event of the name has it. */
export function operations(log: EventLog): Replayed["operations"] {
  const events = log.of("OPERATION_COMPLETED").map((event) => ({ event, name: event.text("operationName", "name") }));
  return events.map(({ name }) => ({
    name,
    result: events.findLast((other) => other.name === name)?.event.value("result"),
  }));
}

/** Sets alone: a clear is sent at every replay and matched with nothing. */
export function sets(log: EventLog): Replayed["state"] {
  return log.of("STATE_SET").map((event) => ({ type: "set", key: event.text("key"), value: event.value("value") }));
}

/** A cancelled timer never ends. */
export function timers(log: EventLog): Replayed["timers"] {
  return log.of("TIMER_STARTED").map((event) => {
    const timerId = event.text("timerId");
    return { timerId, ending: log.last(["TIMER_FIRED"], "timerId", timerId) && { value: null } };
  });
}

export function ending(end: ReturnType<EventLog["last"]>, read: { success: string; value: string }): Ending {
  if (end?.type === read.success) return { value: end.value(read.value) };
  return end && { error: end.text("error") };
}
