import type { WorkflowEvent } from "@flovyn/proto/v1";
import { derivedId } from "../replay/derived-ids.js";
import { scheduleTask } from "./commands.js";
import type { TaskCode, WorkflowCode } from "./raw-worker.js";
import { completed, suspended } from "./submission.js";

/** A workflow that runs so many tasks in parallel and ends with the number of those that completed. */
export function fanOut(tasks: number): WorkflowCode {
  return async (execution, events) => {
    if (count(events, "TASK_SCHEDULED") === 0) {
      const commands = Array.from({ length: tasks }, (_, index) =>
        scheduleTask({ id: derivedId(execution.id, index), kind: "add-one", input: String(index) }),
      );
      return suspended(...commands);
    }
    const done = count(events, "TASK_COMPLETED");
    return done === tasks ? completed(String(done)) : suspended();
  };
}

/** The task of the workflow above. */
export const addOne: TaskCode = async (task) => ({ output: String(Number(task.input.toString()) + 1) });

export function count(events: readonly WorkflowEvent[], type: string): number {
  return events.filter((event) => event.eventType === type).length;
}
