import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { CallError, completed, type FlovynClient, type Submission, scheduleTask, suspended } from "@flovyn/e2e";
import type { WorkflowEvent, WorkflowExecution } from "@flovyn/proto/v1";

export const queue = "neighbour";
const workerId = "neighbour";
const held = { metadata: { "flovyn-poll-hold-ms": "5000" } };
const loops = 4;
/** After a poll that was refused, so that a server that refuses all is not asked in a circle. */
const errorPauseMs = 50;

/** Works on the workflows of the neighbour until it is stopped: one task each, whose output is the input. */
export function startNeighbourWorker(client: FlovynClient, onRefusal: (error: CallError) => void): () => void {
  const stop = new AbortController();
  const loop = async (step: () => Promise<void>) => {
    while (!stop.signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        if (stop.signal.aborted) return;
        onRefusal(error);
        await pause(errorPauseMs);
      }
    }
  };
  for (let index = 0; index < loops; index++) {
    void loop(() => workOnWorkflow(client));
    void loop(() => workOnTask(client));
  }
  return () => stop.abort();
}

async function workOnWorkflow(client: FlovynClient): Promise<void> {
  const execution = await client.pollWorkflow({ workerId, queue }, held);
  if (execution === undefined) return;
  const submission = decide(execution, await client.getEvents(execution.id));
  await client.submitCommands({ workflowExecutionId: execution.id, claimEpoch: execution.claimEpoch, ...submission });
}

function decide({ input }: WorkflowExecution, events: readonly WorkflowEvent[]): Submission {
  const has = (type: string) => events.some(({ eventType }) => eventType === type);
  if (has("TASK_COMPLETED")) return completed(input);
  return has("TASK_SCHEDULED")
    ? suspended()
    : suspended(scheduleTask({ id: randomUUID(), kind: "work", input, queue }));
}

async function workOnTask(client: FlovynClient): Promise<void> {
  const task = await client.pollTask({ workerId, queue }, held);
  if (task === undefined) return;
  const { taskExecutionId, claimEpoch, input } = task;
  await client.completeTask({ taskExecutionId, claimEpoch, output: input });
}
