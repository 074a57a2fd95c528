import type { TaskExecutionInfo, WorkflowExecution } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import type { FlovynClient, RestClient, Submission } from "../src/index.js";

interface Wait {
  queue: string;
  workerId?: string;
  leaseMs?: number;
  timeoutMs?: number;
}

/** Polls until a workflow is handed out. */
export function claimWorkflow(client: FlovynClient, wait: Wait): Promise<WorkflowExecution> {
  const { queue, workerId = "tester", timeoutMs } = wait;
  return waitFor(
    `a workflow on queue ${queue}`,
    () => client.pollWorkflow({ workerId, queue }, { metadata: leaseOf(wait) }),
    { timeoutMs },
  );
}

/** Polls until a task is handed out. */
export function claimTask(client: FlovynClient, wait: Wait): Promise<TaskExecutionInfo> {
  const { queue, workerId = "tester", timeoutMs } = wait;
  return waitFor(`a task on queue ${queue}`, () => client.pollTask({ workerId, queue }, { metadata: leaseOf(wait) }), {
    timeoutMs,
  });
}

/** Waits until so many workflows of a queue have completed. */
export async function waitForCompleted(
  rest: RestClient,
  queue: string,
  wanted: number,
  timeoutMs = 60_000,
): Promise<void> {
  await waitFor(
    `${wanted} completed workflows on queue ${queue}`,
    async () => {
      const { status, json } = await rest.get(`/workflow-executions?status=COMPLETED&queue=${queue}&limit=1`);
      if (status === 200 && json.total >= wanted) return true;
      throw new Error(status === 200 ? `${json.total} have completed` : `the list was answered with ${status}`);
    },
    { timeoutMs, intervalMs: 100 },
  );
}

function leaseOf({ leaseMs }: Wait): Record<string, string> {
  return leaseMs === undefined ? {} : { "flovyn-lease-ms": String(leaseMs) };
}

/** Hands in one activation of the next workflow of a queue, whose history it reads before, as clients do. */
export async function activateOnce(
  client: FlovynClient,
  queue: string,
  submission: Submission | ((execution: WorkflowExecution) => Submission),
): Promise<WorkflowExecution> {
  const execution = await claimWorkflow(client, { queue });
  await client.getEvents(execution.id);
  const { commands, status } = typeof submission === "function" ? submission(execution) : submission;
  await client.submitCommands({ workflowExecutionId: execution.id, commands, status });
  return execution;
}
