import { FlovynClient, silentLogger, task, workflow } from "@flovyn/sdk";
import { areParts, type Part, partsOf, type TaskWorkload, taskWorkloads } from "../task-workloads.js";
import { type Input, inputOf, taskKind, workflowKind } from "../workloads.js";
import { runClosedLoop } from "./closed-loop.js";
import type { TaskJob, TaskResult } from "./job.js";
import { jobTimeoutMs } from "./job-timeout.js";

/** Starts and runs workflows with the TypeScript SDK: a client that is its own worker. */
export async function runSdkLoad(job: TaskJob): Promise<TaskResult> {
  const { target, queue } = job;
  const workload = taskWorkloads[job.workload];
  let taskRuns = 0;
  const echo = task<Part, Part>({
    name: taskKind,
    run: (_ctx, part) => {
      taskRuns += 1;
      return part;
    },
  });
  const program = workflow<Input, Input | Part[]>({
    name: workflowKind,
    run: async (ctx, input) => {
      const results = await runParts(workload, input, (part) => ctx.schedule(echo, part));
      return areParts(results, input) ? input : results;
    },
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
      timeoutMs: jobTimeoutMs(job),
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

async function runParts(workload: TaskWorkload, input: Input, run: (part: Part) => Promise<Part>): Promise<Part[]> {
  const parts = partsOf(workload, input);
  if (workload.order === "fan-out") return Promise.all(parts.map(run));
  const results: Part[] = [];
  for (const part of parts) results.push(await run(part));
  return results;
}
