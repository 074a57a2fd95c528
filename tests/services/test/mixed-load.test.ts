/**
 * SP-58: all operations of clients, workers and loops, mixed over shared rows and two replicas of each service, deadlock
 * nowhere. Method: a generator with a fixed seed draws operations on a few workflows, tasks, promises and idempotency keys;
 * many run at once; refusals of single operations are expected, everything else fails the test.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { codes } from "./calls.js";
import { Cluster } from "./cluster.js";
import { expectNoDeadlocks } from "./deadlocks.js";
import { createMix } from "./mix.js";
import { expectConsistent } from "./whole-database.js";

const seed = 58;
const operations = 12_000;
const atOnce = 48;
/** Operations of one kind come in bursts up to this long: batches of several rows are what could deadlock. */
const burstMax = 16;
const expected = ["OK", "WrongState", "StaleClaim", "NotFound", "AlreadyExists"];

/** How what begins under the load is to end, some of each. */
const everyEnd = [
  ...["WORKFLOW_COMPLETED", "WORKFLOW_EXECUTION_FAILED", "WORKFLOW_CANCELLED", "TASK_COMPLETED", "TASK_FAILED"],
  ...["TIMER_FIRED", "PROMISE_RESOLVED", "PROMISE_REJECTED", "PROMISE_TIMEOUT", "SIGNAL_RECEIVED"],
  ...["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"],
];

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

/** mulberry32: small, and the same numbers everywhere. */
function createRandom(state: number): () => number {
  let current = state;
  return () => {
    current = (current + 0x6d2b79f5) | 0;
    let mixed = Math.imul(current ^ (current >>> 15), 1 | current);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it("SP-58 mixed load deadlocks nowhere and leaves every row consistent", async () => {
  const random = createRandom(seed);
  const mix = createMix(cluster, random);
  const weighted = mix.flatMap(([weight, run]) => Array.from({ length: weight }, () => run));
  const answers = new Map<string, number>();
  let left = operations;
  const runBursts = async () => {
    while (left > 0) {
      const burst = 1 + Math.floor(random() * burstMax);
      left -= burst;
      const run = weighted[Math.floor(random() * weighted.length)];
      if (run === undefined) throw new Error("nothing was drawn");
      for (const answer of await codes(Array.from({ length: burst }, () => run()))) {
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runBursts));
  expect([...answers.keys()].filter((answer) => !expected.includes(answer))).toEqual([]);
  // The load did what it is for: a good part of it changed something.
  expect(answers.get("OK")).toBeGreaterThan(operations / 3);
  const written = await cluster.rows<{ type: string }>("select distinct event_type as type from workflow_event");
  expect(written.map(({ type }) => type)).toEqual(expect.arrayContaining(everyEnd));
  await expectConsistent(cluster);
  await expectNoDeadlocks(cluster);
}, 300_000);
