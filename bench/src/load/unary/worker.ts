import { PollRequest, PollTaskRequest, WorkflowStatus } from "@flovyn/proto/v1";
import type { Workload } from "../../workloads.js";
import type { Completions } from "./completions.js";
import type { Connection } from "./connection.js";
import { decide } from "./decide.js";
import { completeTask, getEvents, pollTask, pollWorkflow, submitCommands } from "./rpcs.js";

/** What the loops of a worker share. */
export interface WorkerState {
  workload: Workload;
  orgId: string;
  queue: string;
  workerId: string;
  completions: Completions;
  stopping: boolean;
  taskRuns: number;
  emptyPolls: number;
}

/** What existing SDKs send. */
const pollTimeoutSeconds = 30;

/**
 * Polls, runs one activation, submits, polls again, until `state.stopping`. After an empty poll it polls at once, as the
 * Kotlin worker does: the server holds an empty poll for a moment.
 */
export async function runWorkflowLoop(connection: Connection, state: WorkerState): Promise<void> {
  const { workload, orgId, queue, workerId } = state;
  const request = PollRequest.fromPartial({ orgId, queue, workerId, timeoutSeconds: pollTimeoutSeconds });
  while (!state.stopping) {
    const { workflowExecution } = await connection.call(pollWorkflow, request);
    if (workflowExecution === undefined) {
      state.emptyPolls += 1;
      continue;
    }
    const { id } = workflowExecution;
    const { events } = await connection.call(getEvents, { workflowExecutionId: id });
    const submission = decide(workload, workflowExecution, events);
    await connection.call(submitCommands, submission);
    if (submission.status === WorkflowStatus.COMPLETED) state.completions.settle(id);
  }
}

/** The same for tasks: each returns its input. */
export async function runTaskLoop(connection: Connection, state: WorkerState): Promise<void> {
  const { orgId, queue, workerId } = state;
  const request = PollTaskRequest.fromPartial({ orgId, queue, workerId, timeoutSeconds: pollTimeoutSeconds });
  while (!state.stopping) {
    const { task } = await connection.call(pollTask, request);
    if (task === undefined) {
      state.emptyPolls += 1;
      continue;
    }
    state.taskRuns += 1;
    await connection.call(completeTask, { taskExecutionId: task.taskExecutionId, output: task.input });
  }
}
