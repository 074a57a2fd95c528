import type { WorkflowEvent } from "@flovyn/proto/v1";
import { addedIds } from "./derived-ids.js";
import { EventLog } from "./event-log.js";
import { replayableTypes } from "./event-types.js";
import type { Family } from "./family.js";
import { ending, ffi, operations, sets, timers } from "./ffi.js";
import { ReplayError, type Replayed } from "./replayed.js";

/** The library of version 0.1.4 under the published Kotlin SDK: older keys, no signals, ids by addition. */
export const kotlin: Family = {
  ...ffi,
  name: "kotlin",
  read: readKotlin,
  ids: addedIds,
  childName: ({ kind, n }) => `${kind}-${n}`,
  childQueue: "default",
};

/** Signals are unknown to it, and what is unknown counts as an operation. */
export function readKotlin(events: readonly WorkflowEvent[]): Replayed {
  const log = new EventLog(events, (type) =>
    replayableTypes.has(type) && type !== "SIGNAL_RECEIVED" ? type : "OPERATION_COMPLETED",
  );
  return {
    operations: operations(log),
    state: sets(log),
    tasks: log.of("TASK_SCHEDULED").map((event) => {
      const id = event.text("taskExecutionId");
      const end = log.last(["TASK_COMPLETED", "TASK_FAILED"], "taskExecutionId", id);
      return { id, kind: event.text("taskType"), ending: ending(end, { success: "TASK_COMPLETED", value: "output" }) };
    }),
    timers: timers(log),
    promises: log.of("PROMISE_CREATED").map((event) => {
      const id = event.text("promiseId");
      // It expects the name there, which contradicts all later clients: its promises cannot be replayed.
      const name = event.text("promiseName");
      if (id !== name) throw new ReplayError(`promise ${name} has the id ${id}`);
      return { id, name, ending: undefined };
    }),
    children: log.of("CHILD_WORKFLOW_INITIATED").map((event) => {
      const id = event.text("childWorkflowExecutionId");
      const end = log.last(["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"], "childWorkflowExecutionId", id);
      return {
        id,
        name: event.text("childWorkflowExecutionName"),
        kind: event.text("workflowKind"),
        ending: ending(end, { success: "CHILD_WORKFLOW_COMPLETED", value: "output" }),
      };
    }),
    signals: new Map(),
  };
}
