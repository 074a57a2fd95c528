/**
 * A workflow with its tasks, timers, promises, children and signals under random interleavings of workers, outside events,
 * cancels, crashes and repeats, on the pure machines alone. Method: fast-check draws steps; the invariants are checked after
 * each. The same steps run against the services on Postgres in family-on-postgres.test.ts.
 */
import { newId } from "@flovyn/domain";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Family } from "./family.js";
import { expectSound } from "./invariants.js";
import { Player } from "./player.js";
import { interleavings, replayOptions, stepsOf } from "./runs.js";
import { step } from "./steps.js";

const runs = interleavings(3_000);

function newFamily(): Family {
  const id = newId();
  return new Family({ id, orgId: newId(), kind: "order", queue: `q-${id}`, input: Buffer.from("1"), now: 1_000_000 });
}

it(`keeps every history sound in ${runs} interleavings`, async () => {
  let withExternalEvents = 0;
  await fc.assert(
    fc.asyncProperty(stepsOf(step), async (steps) => {
      const player = new Player(newFamily());
      for (const next of steps) {
        await player.take(next);
        expectSound(player.family);
      }
      withExternalEvents += player.family.all().filter(({ externalSequence }) => externalSequence > 0).length;
    }),
    { numRuns: runs, ...replayOptions() },
  );
  // The steps reach what they are meant to reach.
  expect(withExternalEvents).toBeGreaterThan(runs / 10);
}, 600_000);
