import { FlovynClient, silentLogger, task, workflow } from "@flovyn/sdk";
import { inputOf, taskKind, workflowKind, workloads } from "../workloads.js";
import { runClosedLoop } from "./closed-loop.js";
import type { JobResult, WorkflowJob } from "./job.js";

type Input = ReturnType<typeof inputOf>;

/** Starts and runs workflows with the TypeScript SDK: a client that is its own worker. */
export async function runSdkLoad(job: WorkflowJob): Promise<JobResult> {
  const { target, queue } = job;
  let taskRuns = 0;
  const echo = task<Input, Input>({
    name: taskKind,
    run: (_ctx, input) => {
      taskRuns += 1;
      return input;
    },
  });
  const program = workflow<Input, Input>({
    name: workflowKind,
    run: (ctx, input) => (workloads[job.workload].tasks > 0 ? ctx.schedule(echo, input) : input),
  });
  const client = new FlovynClient({
    serverUrl: `http://${target.doors[0]}`,
    httpUrl: target.httpUrl,
    orgId: target.orgId,
    workerToken: target.workerToken,
    apiKey: target.apiKey,
    queue,
    maxConcurrentWorkflows: job.workers,
    maxConcurrentTasks: job.workers,
    logger: silentLogger,
  });
  client.registerWorkflow(program).registerTask(echo);
  await client.start();
  try {
    const workflowIds: string[] = [];
    const timing = await runClosedLoop({
      count: job.workflows,
      concurrency: job.concurrency,
      runOne: async (index) => {
        const handle = await client.startWorkflow(program, inputOf(index));
        workflowIds.push(handle.id);
        await handle.result();
      },
    });
    return { ...timing, workflowIds, taskRuns, emptyPolls: 0 };
  } finally {
    await client.stop();
  }
}
