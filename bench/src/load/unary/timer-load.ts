import { setTimeout as pause } from "node:timers/promises";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { runClosedLoop } from "../closed-loop.js";
import type { TimerJob, TimerResult } from "../job.js";
import { jobTimeoutMs } from "../job-timeout.js";
import { decideTimers } from "./decide-timers.js";
import { Meetings } from "./meetings.js";
import { heldPollMs, openPools } from "./pools.js";
import { startOne } from "./start-workflow.js";
import { UnaryWorker } from "./worker.js";

/** Has workflows arm their timers, calls `untilGo` when all are armed, and waits until each workflow has seen its timers fire. */
export async function runTimerLoad(job: TimerJob, untilGo: () => Promise<void>): Promise<TimerResult> {
  const { queue, workflows, overMs } = job;
  const { orgId } = job.target;
  const timeoutMs = jobTimeoutMs(job);
  const firstDueAt = performance.now() + job.leadMs;
  const lastDueAt = firstDueAt + overMs;
  const pools = openPools(job, { pollHoldMs: heldPollMs });
  const armed = new Meetings("arming of workflow");
  const completed = new Meetings("completion of workflow");
  const workers: UnaryWorker[] = [];
  const startWorker = () => {
    const worker = new UnaryWorker({
      pool: pools.worker,
      orgId,
      queue,
      loops: job.workers,
      decide: decideTimers({ workflows, timersPerWorkflow: job.timersPerWorkflow, firstDueAt, overMs }),
      onSubmitted: ({ status, commands, workflowExecutionId }) => {
        if (status === WorkflowStatus.COMPLETED) completed.settle(workflowExecutionId);
        else if (commands.length > 0) armed.settle(workflowExecutionId);
      },
    });
    workers.push(worker);
    return worker;
  };
  const workflowIds: string[] = [];
  const armOne = async (index: number) => {
    const id = await startOne(pools.client.take(), { orgId, queue, index });
    workflowIds.push(id);
    await armed.wait(id);
  };
  try {
    let worker = startWorker();
    const arming = runClosedLoop({ count: workflows, concurrency: job.concurrency, timeoutMs, runOne: armOne });
    const { elapsedMs: armedMs } = await Promise.race([arming, worker.failed]);
    if (job.resume === "after") await worker.stop();
    await untilGo();
    if (job.armsInTime) refuseLateArming(firstDueAt, job.leadMs);
    if (job.resume === "after") {
      await pause(Math.max(0, lastDueAt - performance.now()));
      worker = startWorker();
    }
    const completing = runClosedLoop({
      count: workflows,
      concurrency: workflows,
      timeoutMs,
      runOne: (index) => completed.wait(workflowIds[index] ?? ""),
    });
    await Promise.race([completing, worker.failed]);
    const completedMs = performance.now() - lastDueAt;
    await worker.stop();
    const sum = (pick: (worker: UnaryWorker) => number) => workers.reduce((total, one) => total + pick(one), 0);
    return {
      armedMs,
      completedMs,
      workflowIds,
      activations: sum((one) => one.activations),
      emptyPolls: sum((one) => one.emptyPolls),
    };
  } finally {
    for (const worker of workers) worker.quit();
    pools.close();
  }
}

function refuseLateArming(firstDueAt: number, leadMs: number): void {
  const lateMs = performance.now() - firstDueAt;
  if (lateMs <= 0) return;
  throw new Error(`arming the timers took ${Math.ceil((leadMs + lateMs) / 1000)} s: --lead must be longer than that`);
}
