/**
 * The services on Postgres against the pure machines, for a workflow with its tasks, timers, promises, children and signals.
 * Method: fast-check draws the steps of family-model.test.ts; each is taken by the model and by the services, their answers
 * are compared, and then all rows. Two clusters of two replicas of every service take them side by side, each one sequence
 * after the other, because a sequence moves the clock. A failing sequence is printed with its seed and shrunk.
 */
import { newId } from "@flovyn/domain";
import { StartWorkflowRequest, StartWorkflowResponse } from "@flovyn/proto/v1";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Cluster } from "../cluster.js";
import { expectConsistent } from "../whole-database.js";
import { Comparison } from "./compare.js";
import { Family } from "./family.js";
import { Player } from "./player.js";
import { interleavings, replayOptions, stepsOf } from "./runs.js";
import { servicesDoer } from "./services-doer.js";
import { type Step, step } from "./steps.js";

const lanes = 2;
const runs = interleavings(2_000);
let clusters: Cluster[];

beforeAll(async () => {
  clusters = await Promise.all(Array.from({ length: lanes }, () => Cluster.start()));
});
afterAll(() => Promise.all(clusters.map((cluster) => cluster.stop())));

it(`stores what the machines decide, in ${runs} random interleavings`, async () => {
  await Promise.all(
    clusters.map((cluster) =>
      fc.assert(
        fc.asyncProperty(stepsOf(step), (steps) => runSequence(cluster, steps)),
        { numRuns: Math.ceil(runs / lanes), ...replayOptions() },
      ),
    ),
  );
  for (const cluster of clusters) await expectConsistent(cluster);
}, 3_600_000);

async function runSequence(cluster: Cluster, steps: readonly Step[]): Promise<void> {
  const facts = { kind: "order", queue: `q-${newId()}`, input: Buffer.from('{"n":1.0}') };
  const { workflowExecutionId: id } = await cluster.call(
    "dispatch",
    "flovyn.v1.WorkflowDispatch/StartWorkflow",
    [StartWorkflowRequest, StartWorkflowResponse],
    { workflowKind: facts.kind, queue: facts.queue, input: facts.input },
  );
  const family = new Family({ ...facts, id, orgId: cluster.orgId, now: cluster.clock.now() });
  const comparison = new Comparison(cluster, family);
  const doer = servicesDoer(cluster, (promiseId) => comparison.realId(promiseId));
  const player = new Player(family, doer, (modelled, real, taken) => expect(real, taken.do).toEqual(modelled));
  for (const next of steps) {
    await player.take(next);
    await comparison.expectEqual();
  }
}
