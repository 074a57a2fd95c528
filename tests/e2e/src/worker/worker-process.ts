/**
 * A raw worker as a process of its own, which a test can kill. Runs the fan-out workflow and its tasks. With STALL_AFTER it
 * stops reporting after so many tasks: it goes on claiming, prints each claim it then holds, and answers none of them.
 */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { FlovynClient } from "../client/flovyn-client.js";
import { createRetry } from "../client/retry.js";
import { addOne, fanOut } from "./fan-out.js";
import { RawWorker, type TaskCode, type WorkflowCode } from "./raw-worker.js";

const env = process.env;
const stallAfter = Number(env.STALL_AFTER ?? Number.POSITIVE_INFINITY);
const client = new FlovynClient({ address: need("ADDRESS"), token: need("TOKEN"), orgId: need("ORG_ID") });
const runFanOut = fanOut(Number(need("TASKS")));
let finishedTasks = 0;

const runWorkflow: WorkflowCode = (execution, events) =>
  finishedTasks >= stallAfter ? hold("workflow", execution.id, execution.claimEpoch) : runFanOut(execution, events);

const runTask: TaskCode = (task) => {
  if (finishedTasks >= stallAfter) return hold("task", task.taskExecutionId, task.claimEpoch);
  finishedTasks += 1;
  return addOne(task);
};

const worker = new RawWorker({
  client,
  workerId: need("WORKER_ID"),
  queue: need("QUEUE"),
  runWorkflow,
  runTask,
  slots: Number(env.SLOTS ?? 4),
  ...(env.LEASE_MS === undefined ? {} : { leaseMs: Number(env.LEASE_MS), sendClaims: true, retry: createRetry() }),
});
print("worker polls");
await once(process, "SIGTERM");
await worker.stop();
client.close();

/** Keeps the claim for as long as the process lives. */
async function hold(kind: string, id: string, claimEpoch: number): Promise<never> {
  print(`holds ${kind} ${id} ${claimEpoch}`);
  for (;;) await pause(60_000);
}

function need(name: string): string {
  const value = env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
