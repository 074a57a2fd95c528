/**
 * Goal: an activation depends on nothing but history, and adds to history only what is not there yet.
 * Approach: made-up workflows run against a simulated server. One run ends tasks and activates in random order, some
 * activations are lost, some are superfluous, and tasks end while one is under way. A second run ends the tasks in the same
 * order but activates at other moments; everything it records must be the same.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Program, programs, runProgram } from "../../test/random-program.js";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import { workflow } from "../definitions/workflow.js";
import { silentLogger } from "../logger.js";
import { guardAbandonedRejections } from "./abandoned-rejections.js";
import { type ActivationResult, runActivation } from "./run-activation.js";

const executionId = "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e";
const stepsMax = 2000;

let unguard = () => {};
beforeAll(() => {
  unguard = guardAbandonedRejections(silentLogger);
});
afterAll(() => unguard());

describe("activations of a random workflow", () => {
  test("give the same history whenever they happen", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.integer(), fc.integer(), async (program, firstSeed, secondSeed) => {
        const first = await runAtRandom(program, chance(firstSeed));
        const second = await runInOrder(program, first.taskOrder, chance(secondSeed));
        expect(second.result).toEqual(first.workflow.result);
        expect(second.status).toBe(first.workflow.status);
        expect(second.tasks).toEqual(first.workflow.tasks);
        for (const types of [["OPERATION_COMPLETED"], ["STATE_SET", "STATE_CLEARED"], ["TASK_SCHEDULED"]]) {
          expect(dataOf(second, types)).toEqual(dataOf(first.workflow, types));
        }
      }),
      { numRuns: 400 },
    );
  });

  test("add nothing when everything is in history", async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.integer(), async (program, seed) => {
        const { workflow: done } = await runAtRandom(program, chance(seed));
        const again = await activate(program, done.history().slice(0, -1));
        expect(again.commands).toEqual([]);
        expect(again.outcome.status).toBe(done.status);
      }),
      { numRuns: 200 },
    );
  });
});

async function runAtRandom(program: Program, random: () => number) {
  const workflow = new SimulatedWorkflow();
  const taskOrder: string[] = [];
  const endSomeTask = () => {
    const open = workflow.openTasks;
    const task = open[Math.floor(random() * open.length)];
    if (task === undefined) return;
    endTask(workflow, task.id);
    taskOrder.push(task.id);
  };
  for (let step = 0; workflow.status === "LIVE"; step++) {
    if (step > stepsMax) throw new Error(`the workflow did not end; its history is ${workflow.types().join(" ")}`);
    if (workflow.openTasks.length > 0 && random() < 0.5) {
      endSomeTask();
      continue;
    }
    const result = await activate(program, workflow.history());
    while (random() < 0.3) endSomeTask();
    const lost = random() < 0.15;
    if (!lost) workflow.submit(result);
  }
  return { workflow, taskOrder };
}

async function runInOrder(program: Program, taskOrder: readonly string[], random: () => number) {
  const workflow = new SimulatedWorkflow();
  let ended = 0;
  for (let step = 0; workflow.status === "LIVE"; step++) {
    if (step > stepsMax) throw new Error(`the second run did not end; its history is ${workflow.types().join(" ")}`);
    const nextId = taskOrder[ended];
    if (workflow.openTasks.some((task) => task.id === nextId) && nextId !== undefined && random() < 0.8) {
      endTask(workflow, nextId);
      ended += 1;
      continue;
    }
    workflow.submit(await activate(program, workflow.history()));
  }
  return workflow;
}

function activate(program: Program, history: ReturnType<SimulatedWorkflow["history"]>): Promise<ActivationResult> {
  const definition = workflow({ name: "random", run: (ctx) => runProgram(ctx, program) });
  const activation = { executionId, input: Buffer.from("null"), timeMillis: 1_750_000_000_000, history };
  return runActivation(definition, activation, { log: silentLogger });
}

function endTask(workflow: SimulatedWorkflow, id: string): void {
  const task = workflow.tasks.find((one) => one.id === id);
  if (task === undefined) throw new Error(`task ${id} is not known`);
  const { path, fails } = task.input as { path: string; fails: boolean };
  if (fails) workflow.failTask(id, `no luck at ${path}`);
  else workflow.completeTask(id, `did ${task.kind} at ${path}`);
}

function dataOf(workflow: SimulatedWorkflow, types: readonly string[]): string[] {
  return workflow.events
    .filter((event) => types.includes(event.type))
    .map((event) => `${event.type} ${Buffer.from(event.data).toString()}`);
}

/** Numbers from 0 to below 1 that follow from a seed, so that fast-check can replay a run. */
function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
