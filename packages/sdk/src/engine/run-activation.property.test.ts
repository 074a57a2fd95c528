/**
 * Goal: an activation depends on nothing but history, and adds to history only what is not there yet.
 * Approach: made-up workflows run against a simulated server, where things happen and activations come at random moments.
 * A second run lets the same things happen in the same order but activates at other moments. And each activation is held
 * against all later ones of its run: what one did and saw, those that follow must do and see again before anything else.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { orderlyPrograms, programs } from "../../test/random-program.js";
import { activateProgram, chance, runAgain, runAtRandom } from "../../test/random-run.js";
import type { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import { silentLogger } from "../logger.js";
import { guardAbandonedRejections } from "./abandoned-rejections.js";
import type { Command } from "./commands.js";
import type { HistoryEvent } from "./history.js";
import type { ActivationResult } from "./run-activation.js";

const initiating = [
  ["STATE_SET", "STATE_CLEARED"],
  ["TASK_SCHEDULED"],
  ["TIMER_STARTED"],
  ["PROMISE_CREATED"],
  ["CHILD_WORKFLOW_INITIATED"],
];

let unguard = () => {};
beforeAll(() => {
  unguard = guardAbandonedRejections(silentLogger);
});
afterAll(() => unguard());

describe("activations of a random workflow", () => {
  test("give the same history whenever they happen", async () => {
    await fc.assert(
      fc.asyncProperty(orderlyPrograms, fc.integer(), fc.integer(), async (program, firstSeed, secondSeed) => {
        const first = await runAtRandom(program, chance(firstSeed));
        const second = await runAgain(program, first.happenings, chance(secondSeed));
        expect(second.result).toEqual(first.workflow.result);
        expect(second.status).toBe(first.workflow.status);
        for (const types of initiating) expect(dataOf(second, types)).toEqual(dataOf(first.workflow, types));
      }),
      { numRuns: 400 },
    );
  });

  test("pitfall 20: do and see what those before them did and saw, whatever came in meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.integer(), async (program, seed) => {
        const { activations } = await runAtRandom(program, chance(seed));
        for (const [index, { trace }] of activations.entries()) {
          const later = activations[index + 1];
          // Concurrent code is no violation, in whatever order its operations end.
          expect(JSON.stringify(later?.outcome ?? null)).not.toContain("Determinism violation");
          if (later !== undefined) expect(later.trace.slice(0, trace.length)).toEqual(trace);
        }
      }),
      { numRuns: 600 },
    );
  });

  test("add nothing when everything is in history", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.integer(), async (program, seed) => {
        const { workflow: done, activations } = await runAtRandom(program, chance(seed));
        const last = activations.at(-1);
        const { seenSequence = 0, missed = 0 } = last ?? {};
        // Nothing is replayed after its end, so nothing tells of a last look for signals that it saw less than there is.
        const known = ({ sequence, type }: HistoryEvent) =>
          type !== "SIGNAL_RECEIVED" || sequence <= seenSequence || sequence > seenSequence + missed;
        const again = await activateProgram(program, done.history().filter(known).slice(0, -1));
        expect(added(again)).toEqual([]);
        expect(again.outcome.status).toBe(done.status);
        expect(again.trace).toEqual(last?.trace);
      }),
      { numRuns: 300 },
    );
  });

  test("add nothing when nothing happened since the last one", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.integer(), async (program, seed) => {
        const { activations } = await runAtRandom(program, chance(seed));
        for (const { commands, outcome, trace, history, missed } of activations) {
          if (missed > 0 || outcome.status !== "SUSPENDED") continue;
          // What becomes of these is news.
          if (commands.some(({ type }) => type === "RESOLVE_PROMISE")) continue;
          const again = await activateProgram(program, history);
          expect(added(again)).toEqual([]);
          expect({ outcome: again.outcome, trace: again.trace }).toEqual({ outcome, trace });
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Nothing in history may tell that the end of a child was asked for, so that may be sent again; it does no harm. */
function added({ commands }: ActivationResult): Command[] {
  return commands.filter(({ type }) => type !== "REQUEST_CANCEL_CHILD_WORKFLOW");
}

function dataOf(workflow: SimulatedWorkflow, types: readonly string[]): string[] {
  return workflow.events
    .filter((event) => types.includes(event.type))
    .map((event) => `${event.type} ${Buffer.from(event.data).toString()}`);
}
