import { SignalWorkflowRequest, WorkflowStatus } from "@flovyn/proto/v1";
import { runClosedLoop } from "../closed-loop.js";
import type { WakeJob, WakeResult } from "../job.js";
import { jobTimeoutMs } from "../job-timeout.js";
import type { Connection } from "./connection.js";
import { decideWakes, promiseIdsOf, type Wake } from "./decide-wakes.js";
import { Meetings } from "./meetings.js";
import { heldPollMs, openPools } from "./pools.js";
import { getEvents, resolvePromise, signalWorkflow } from "./rpcs.js";
import { startOne } from "./start-workflow.js";
import { type Activation, UnaryWorker } from "./worker.js";

/** Has workflows wait, calls `untilGo` when all of them do, and wakes them by turns until each has seen its last wake. */
export async function runWakeLoad(job: WakeJob, untilGo: () => Promise<void>): Promise<WakeResult> {
  const { queue, workflows, wakesPerWorkflow, wake } = job;
  const { orgId } = job.target;
  const timeoutMs = jobTimeoutMs(job);
  const pools = openPools(job, { pollHoldMs: heldPollMs });
  const parked = new Meetings("first suspension of workflow");
  const arrivals = new Meetings<Activation>("arrival of wake");
  const completed = new Meetings("completion of workflow");
  const worker = new UnaryWorker({
    pool: pools.worker,
    orgId,
    queue,
    loops: job.workers,
    decide: decideWakes({
      wake,
      wakesPerWorkflow,
      onSeen: ({ workflowId, part }, activation) => {
        const key = keyOf(workflowId, part);
        if (!arrivals.has(key)) arrivals.settle(key, activation);
      },
    }),
    onSubmitted: ({ status, workflowExecutionId: id }) => {
      if (status === WorkflowStatus.COMPLETED) completed.settle(id);
      else if (!parked.has(id)) parked.settle(id);
    },
  });
  const waiting: WaitingWorkflow[] = [];
  const parkOne = async (index: number) => {
    const connection = pools.client.take();
    const id = await startOne(connection, { orgId, queue, index });
    await parked.wait(id);
    const { events } = await connection.call(getEvents, { workflowExecutionId: id });
    waiting.push({ id, promiseIds: promiseIdsOf(events) });
  };
  const result = { latenciesMs: [] as number[], historyLatenciesMs: [] as number[] };
  const wakeOne = async (index: number) => {
    const workflow = waiting[index % workflows];
    if (workflow === undefined) throw new Error("a workflow is missing among those that wait");
    const part = Math.floor(index / workflows);
    const arrival = arrivals.wait(keyOf(workflow.id, part));
    const sentAt = performance.now();
    const [activation] = await Promise.all([arrival, callOf[wake](pools.client.take(), { orgId, workflow, part })]);
    result.latenciesMs.push(activation.polledAt - sentAt);
    result.historyLatenciesMs.push(activation.readAt - sentAt);
    if (part === wakesPerWorkflow - 1) await completed.wait(workflow.id);
  };
  const runAll = (count: number, concurrency: number, runOne: (index: number) => Promise<void>) =>
    Promise.race([runClosedLoop({ count, concurrency, timeoutMs, runOne }), worker.failed]);
  try {
    await runAll(workflows, job.concurrency, parkOne);
    await untilGo();
    const { elapsedMs } = await runAll(workflows * wakesPerWorkflow, job.concurrency, wakeOne);
    await worker.stop();
    const workflowIds = waiting.map(({ id }) => id);
    return { ...result, elapsedMs, workflowIds, activations: worker.activations, emptyPolls: worker.emptyPolls };
  } finally {
    worker.quit();
    pools.close();
  }
}

interface WaitingWorkflow {
  id: string;
  /** By part. */
  promiseIds: string[];
}

type WakeCall = (
  connection: Connection,
  wake: { orgId: string; workflow: WaitingWorkflow; part: number },
) => Promise<unknown>;

const callOf: Readonly<Record<WakeJob["wake"], WakeCall>> = {
  signal: (connection, { orgId, workflow, part }) =>
    connection.call(
      signalWorkflow,
      SignalWorkflowRequest.fromPartial({
        orgId,
        workflowExecutionId: workflow.id,
        signalName: "wake",
        signalValue: payloadOf(part),
      }),
    ),
  promise: (connection, { workflow, part }) =>
    connection.call(resolvePromise, { promiseId: workflow.promiseIds[part] ?? "", value: payloadOf(part) }),
};

function payloadOf(part: number): Buffer {
  const wake: Wake = { part };
  return Buffer.from(JSON.stringify(wake));
}

function keyOf(workflowId: string, part: number): string {
  return `${workflowId}/${part}`;
}
