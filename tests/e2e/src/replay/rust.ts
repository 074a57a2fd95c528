import type { WorkflowEvent } from "@flovyn/proto/v1";
import { suspendWorkflow, unspecified } from "../worker/commands.js";
import { completed, failed, suspended } from "../worker/submission.js";
import { derivedIds } from "./derived-ids.js";
import { EventLog } from "./event-log.js";
import { replayableTypes } from "./event-types.js";
import { type Family, numbered } from "./family.js";
import type { Ending, Replayed } from "./replayed.js";
import { signalQueues } from "./signal-queues.js";

/** The native Rust SDK. */
export const rust: Family = {
  name: "rust",
  read: readRust,
  ids: derivedIds,
  timerId: (n) => `sleep-${n + 1}`,
  // Its users name every child.
  childName: ({ kind, n }) => `${kind}-${n}`,
  childQueue: "",
  resendsClear: false,
  // It has no command for that and sends one without a type.
  cancelChild: () => unspecified(),
  submission(commands, end, fetched) {
    const first = fetched + 1;
    if (end.type === "completed") return numbered(completed(end.output, ...commands), first);
    if (end.type === "failed") return numbered(failed(end.error, ...commands), first);
    return numbered(suspended(...commands, suspendWorkflow("waits")), first);
  },
};

/** It does not know these and takes them, as everything unknown, for the start of the workflow. */
const unknownToRust = new Set(["TASK_CANCELLED", "CHILD_WORKFLOW_CANCELLED"]);

export function readRust(events: readonly WorkflowEvent[]): Replayed {
  const log = new EventLog(events, (type) =>
    replayableTypes.has(type) && !unknownToRust.has(type) ? type : "WORKFLOW_STARTED",
  );
  return {
    operations: log.of("OPERATION_COMPLETED").map((event) => ({
      name: event.text("operationName", "name"),
      result: event.value("result"),
    })),
    state: log
      .of("STATE_SET", "STATE_CLEARED")
      .map((event) =>
        event.type === "STATE_SET"
          ? { type: "set", key: event.text("key"), value: event.value("value") }
          : { type: "clear", key: event.text("key") },
      ),
    tasks: log.of("TASK_SCHEDULED").map((event) => {
      const id = event.text("taskExecutionId");
      return { id, kind: event.text("kind"), ending: taskEnding(log, id) };
    }),
    timers: log.of("TIMER_STARTED").map((event) => {
      const timerId = event.text("timerId");
      const end = log.last(["TIMER_FIRED", "TIMER_CANCELLED"], "timerId", timerId);
      if (end?.type === "TIMER_CANCELLED") return { timerId, ending: { error: "timer cancelled" } };
      return { timerId, ending: end && { value: null } };
    }),
    promises: log.of("PROMISE_CREATED").map((event) => {
      const id = event.text("promiseId");
      return { id, name: event.text("promiseName"), ending: promiseEnding(log, id) };
    }),
    children: log.of("CHILD_WORKFLOW_INITIATED").map((event) => {
      const name = event.text("childExecutionName");
      const kind = event.text("childWorkflowKind");
      return { id: event.text("childExecutionId"), name, kind, ending: childEnding(log, name) };
    }),
    signals: signalQueues(log),
  };
}

function taskEnding(log: EventLog, id: string): Ending {
  const end = log.last(["TASK_COMPLETED", "TASK_FAILED"], "taskExecutionId", id);
  if (end?.type === "TASK_COMPLETED") return { value: end.value("result", "output") };
  return end && { error: end.text("error") };
}

function promiseEnding(log: EventLog, id: string): Ending {
  const end = log.last(["PROMISE_RESOLVED", "PROMISE_REJECTED", "PROMISE_TIMEOUT"], "promiseId", id);
  if (end?.type === "PROMISE_RESOLVED") return { value: end.value("value") };
  if (end?.type === "PROMISE_REJECTED") return { error: end.text("error") };
  return end && { error: "promise timed out" };
}

function childEnding(log: EventLog, name: string): Ending {
  const end = log.last(["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"], "childExecutionName", name);
  if (end?.type === "CHILD_WORKFLOW_COMPLETED") return { value: end.value("output") };
  // Without the id its error says "unknown": worth a failure here.
  end?.text("childworkflowExecutionId");
  return end && { error: end.text("error") };
}
