/**
 * Goal: a crash of Postgres or of the broker in the middle of work is over some seconds after they are back, without loss.
 * Approach: both are killed while workflows run; workers and clients only retry.
 */
import { afterAll, expect, test } from "vitest";
import {
  addOne,
  assertFanOutHistory,
  type CallError,
  type CrashablePostgres,
  createRetry,
  fanOut,
  RawWorker,
  startCrashablePostgres,
} from "../src/index.js";
import { assertEveryWait, endWaits, everyWaitWorker } from "./every-wait.js";
import { SILENCE_MS, useCluster } from "./use-cluster.js";
import { waitForEvents } from "./wait-for-events.js";
import { waitForCompleted } from "./wait-for-work.js";

const TASKS = 3;
const BATCH = 30;
const queue = "infrastructure";
let postgres: CrashablePostgres | undefined;
// Registered first, so that it runs after the cluster has stopped.
afterAll(() => postgres?.stop(), 60_000);
const use = useCluster(async () => {
  postgres = await startCrashablePostgres();
  return {
    replicas: { gateway: 1, dispatch: 2, tasks: 1, timers: 2, promises: 1 },
    databaseUrl: postgres.url,
    silenceMs: SILENCE_MS,
  };
});

test("a crash of Postgres, then of NATS, loses nothing", { timeout: 300_000 }, async ({ skip }) => {
  const { nats } = use.cluster;
  const { restart } = nats;
  if (restart === undefined) return skip("the NATS server is not ours to restart: NATS_URL names it");
  const failures: CallError[] = [];
  const onFailedCall = (error: CallError) => failures.push(error);
  const retry = createRetry(onFailedCall);
  const client = use.client();
  const rest = use.rest();
  const worker = new RawWorker({
    client: use.client(),
    workerId: "worker",
    queue,
    runWorkflow: fanOut(TASKS),
    runTask: addOne,
    leaseMs: 5000,
    sendClaims: true,
    retry,
    onFailedCall,
  });
  const start = (name: string) =>
    Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        retry(() => client.startWorkflow({ workflowKind: "fan-out", queue, idempotencyKey: `${name}-${index}` })),
      ),
    );
  const first = start("first");
  await waitForCompleted(rest, queue, 5);
  await postgres?.crash();
  const second = start("second");
  await postgres?.start();
  await waitForCompleted(rest, queue, BATCH + 5);

  const third = start("third");
  await restart();
  await waitForCompleted(rest, queue, 3 * BATCH);
  await worker.stop();

  // A lease may run out meanwhile, and its work be with another slot; anything else but "try again" would be wrong.
  const expected = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "FAILED_PRECONDITION"];
  expect(failures.filter((failure) => !expected.includes(failure.codeName))).toEqual([]);
  expect(failures.filter((failure) => /select|insert|postgres:|ECONN/i.test(failure.details))).toEqual([]);
  const started = [await first, await second, await third].flat();
  expect(new Set(started.map((one) => one.workflowExecutionId)).size).toBe(3 * BATCH);
  for (const { workflowExecutionId } of started) {
    assertFanOutHistory(await client.getEvents(workflowExecutionId), TASKS);
  }
});

test("timers, promises and children that are open when Postgres crashes, or NATS restarts, end once", {
  timeout: 300_000,
}, async ({ skip }) => {
  const { restart } = use.cluster.nats;
  if (restart === undefined) return skip("the NATS server is not ours to restart: NATS_URL names it");
  const retry = createRetry();
  const client = use.client();
  const outages = {
    postgres: async () => {
      await postgres?.crash();
      await postgres?.start();
    },
    nats: restart,
  };
  for (const [name, goOut] of Object.entries(outages)) {
    const waiting = `open-${name}`;
    const worker = everyWaitWorker(use.client(), waiting, retry);
    const ids = await Promise.all(
      Array.from({ length: BATCH }, async (_, n) => {
        // Some are due before the outage, some in it, some after it.
        const input = Buffer.from(JSON.stringify({ short: 50 * n, long: 1000 + 50 * n }));
        const request = { workflowKind: "every-wait", queue: waiting, input, idempotencyKey: `${waiting}-${n}` };
        return (await retry(() => client.startWorkflow(request))).workflowExecutionId;
      }),
    );
    await Promise.all(ids.map((id) => waitForEvents(client, id, { type: "TIMER_STARTED" })));
    const ending = Promise.all(ids.map((id) => endWaits(client, retry, id)));
    await goOut();
    await ending;
    await waitForCompleted(use.rest(), waiting, 3 * BATCH);
    await worker.stop();
    for (const id of ids) assertEveryWait(await client.getEvents(id));
  }
});
