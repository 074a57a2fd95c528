import { randomUUID } from "node:crypto";
import { CommandType, type WorkflowEvent } from "@flovyn/proto/v1";
import { areParts, type Part, partsOf, type TaskWorkload } from "../../task-workloads.js";
import { type Input, taskKind } from "../../workloads.js";
import { type Command, complete, suspend } from "./submissions.js";
import type { Decide } from "./worker.js";

/** What the workflow does next, given its whole history: what the replay of an existing SDK comes to for these workloads. */
export function decideTasks(workload: TaskWorkload): Decide {
  return (activation) => {
    const { execution, events } = activation;
    if (workload.tasks === 0) return complete(activation, execution.input);
    const input: Input = JSON.parse(execution.input.toString("utf8"));
    const scheduled = idsOf(events, "TASK_SCHEDULED");
    const outputs = outputsById(events);
    if (outputs.size === workload.tasks) {
      const results = scheduled.map((id) => outputs.get(id));
      return complete(activation, areParts(results, input) ? execution.input : Buffer.from(JSON.stringify(results)));
    }
    const wanted = workload.order === "fan-out" ? workload.tasks : outputs.size + 1;
    return suspend(activation, partsOf(workload, input).slice(scheduled.length, wanted).map(scheduleTask));
  };
}

function scheduleTask(part: Part): Command {
  return {
    commandType: CommandType.SCHEDULE_TASK,
    commandData: {
      $case: "scheduleTask",
      value: { kind: taskKind, input: Buffer.from(JSON.stringify(part)), taskExecutionId: randomUUID() },
    },
  };
}

function idsOf(events: readonly WorkflowEvent[], type: string): string[] {
  return events.filter(({ eventType }) => eventType === type).map((event) => dataOf(event).taskExecutionId);
}

function outputsById(events: readonly WorkflowEvent[]): Map<string, unknown> {
  const completed = events.filter(({ eventType }) => eventType === "TASK_COMPLETED").map(dataOf);
  return new Map(completed.map(({ taskExecutionId, output }) => [taskExecutionId, output]));
}

function dataOf({ eventData }: WorkflowEvent): { taskExecutionId: string; output?: unknown } {
  return JSON.parse(eventData.toString("utf8"));
}
