import { WorkflowStatus } from "@flovyn/proto/v1";
import { taskWorkloads } from "../../task-workloads.js";
import { runClosedLoop } from "../closed-loop.js";
import type { TaskJob, TaskResult } from "../job.js";
import { jobTimeoutMs } from "../job-timeout.js";
import { decideTasks } from "./decide-tasks.js";
import { Meetings } from "./meetings.js";
import { openPools } from "./pools.js";
import { getEvents } from "./rpcs.js";
import { startOne } from "./start-workflow.js";
import { UnaryWorker } from "./worker.js";

/** Starts and runs workflows over the published protocol, as an existing client and worker in one process would. */
export async function runTaskLoad(job: TaskJob): Promise<TaskResult> {
  const { queue } = job;
  const { orgId } = job.target;
  const workload = taskWorkloads[job.workload];
  const pools = openPools(job);
  const completions = new Meetings("completion of workflow");
  const worker = new UnaryWorker({
    pool: pools.worker,
    orgId,
    queue,
    loops: job.workers,
    decide: decideTasks(workload),
    onSubmitted: ({ status, workflowExecutionId }) => {
      if (status === WorkflowStatus.COMPLETED) completions.settle(workflowExecutionId);
    },
    withTasks: workload.tasks > 0,
  });
  const workflowIds: string[] = [];
  const runOne = async (index: number) => {
    const connection = pools.client.take();
    const id = await startOne(connection, { orgId, queue, index });
    workflowIds.push(id);
    await completions.wait(id);
    // What a reader sees counts, not what the worker was told.
    const { events } = await connection.call(getEvents, { workflowExecutionId: id });
    const last = events.at(-1)?.eventType;
    if (last !== "WORKFLOW_COMPLETED") throw new Error(`the last event of ${id} is ${last} after its end`);
  };
  try {
    const timeoutMs = jobTimeoutMs(job);
    const done = runClosedLoop({ count: job.workflows, concurrency: job.concurrency, timeoutMs, runOne });
    const timing = await Promise.race([done, worker.failed]);
    await worker.stop();
    return { ...timing, workflowIds, taskRuns: worker.taskRuns, emptyPolls: worker.emptyPolls };
  } finally {
    worker.quit();
    pools.close();
  }
}
