import { randomUUID } from "node:crypto";
import { StartWorkflowRequest } from "@flovyn/proto/v1";
import { inputOf, workflowKind, workloads } from "../../workloads.js";
import { runClosedLoop } from "../closed-loop.js";
import type { JobResult, WorkflowJob } from "../job.js";
import { Completions } from "./completions.js";
import { ConnectionPool } from "./connection.js";
import { getEvents, startWorkflow } from "./rpcs.js";
import { runTaskLoop, runWorkflowLoop, type WorkerState } from "./worker.js";

/** Starts and runs workflows over the published protocol, as an existing client and worker in one process would. */
export async function runUnaryLoad(job: WorkflowJob): Promise<JobResult> {
  const { target, queue } = job;
  const workload = workloads[job.workload];
  const pool = (token: string) => new ConnectionPool({ doors: target.doors, token, size: job.connections });
  const workerPool = pool(target.workerToken);
  const clientPool = pool(target.apiKey);
  const completions = new Completions();
  const state: WorkerState = {
    workload,
    orgId: target.orgId,
    queue,
    workerId: randomUUID(),
    completions,
    stopping: false,
    taskRuns: 0,
    emptyPolls: 0,
  };
  const loops = Array.from({ length: job.workers }, () => [
    runWorkflowLoop(workerPool.take(), state),
    ...(workload.tasks > 0 ? [runTaskLoop(workerPool.take(), state)] : []),
  ]).flat();
  const workflowIds: string[] = [];
  const runOne = async (index: number) => {
    const connection = clientPool.take();
    const { workflowExecutionId } = await connection.call(
      startWorkflow,
      StartWorkflowRequest.fromPartial({
        orgId: target.orgId,
        workflowKind,
        queue,
        input: Buffer.from(JSON.stringify(inputOf(index))),
      }),
    );
    workflowIds.push(workflowExecutionId);
    await completions.wait(workflowExecutionId);
    // What a reader sees counts, not what the worker was told.
    const { events } = await connection.call(getEvents, { workflowExecutionId });
    const last = events.at(-1)?.eventType;
    if (last !== "WORKFLOW_COMPLETED")
      throw new Error(`the last event of ${workflowExecutionId} is ${last} after its end`);
  };
  try {
    const done = runClosedLoop({ count: job.workflows, concurrency: job.concurrency, runOne });
    // A loop ends only by failing as long as nobody stops it.
    const timing = await Promise.race([done, Promise.all(loops).then(() => done)]);
    state.stopping = true;
    await Promise.all(loops);
    return { ...timing, workflowIds, taskRuns: state.taskRuns, emptyPolls: state.emptyPolls };
  } finally {
    state.stopping = true;
    workerPool.close();
    clientPool.close();
  }
}
