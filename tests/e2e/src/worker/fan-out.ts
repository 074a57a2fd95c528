import { createHash } from "node:crypto";
import type { WorkflowEvent } from "@flovyn/proto/v1";
import { completed, scheduleTask, suspended } from "./commands.js";
import type { TaskCode, WorkflowCode } from "./raw-worker.js";

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

/** As the SDKs make ids: a function of the execution and a counter, so that a second run of the same code asks for the same. */
export function derivedId(executionId: string, counter: number): string {
  const hash = createHash("sha1").update(`${executionId}:${counter}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const text = hash.toString("hex");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20, 32)].join("-");
}

export function count(events: readonly WorkflowEvent[], type: string): number {
  return events.filter((event) => event.eventType === type).length;
}
