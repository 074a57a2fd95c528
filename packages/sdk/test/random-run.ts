import { workflow } from "../src/definitions/workflow.js";
import type { HistoryEvent } from "../src/engine/history.js";
import type { ProcessClock } from "../src/engine/process-clock.js";
import { type ActivationResult, runActivation } from "../src/engine/run-activation.js";
import { silentLogger } from "../src/logger.js";
import { names, type Program, runProgram } from "./random-program.js";
import { type SimulatedWait, SimulatedWorkflow } from "./simulated-workflow.js";

const stepsMax = 3000;

/** Something from outside, so that another run can repeat it. */
export type Happening =
  | { readonly what: "end"; readonly wait: SimulatedWait }
  | { readonly what: "signal"; readonly name: string };

export interface RandomActivation extends ActivationResult {
  /** What the code did and saw until the activation ended. */
  readonly trace: readonly string[];
}

export interface SubmittedActivation extends RandomActivation {
  /** The history right after the submission. */
  readonly history: readonly HistoryEvent[];
  /** How many events were appended while the activation was under way. */
  readonly missed: number;
}

export interface RandomRun {
  readonly workflow: SimulatedWorkflow;
  readonly happenings: readonly Happening[];
  /** Those that were submitted, in order. */
  readonly activations: readonly SubmittedActivation[];
}

/**
 * Activates at random, while tasks, timers, promises and children end and signals come at random, also while an activation
 * is under way. Some activations are lost, some are superfluous.
 */
export async function runAtRandom(program: Program, random: () => number): Promise<RandomRun> {
  const workflow = new SimulatedWorkflow();
  const happenings: Happening[] = [];
  const activations: SubmittedActivation[] = [];
  const happen = () => {
    const wait = workflow.open[Math.floor(random() * workflow.open.length)];
    const name = names[Math.floor(random() * names.length)] ?? "a";
    const happening: Happening =
      wait === undefined || random() < 0.3 ? { what: "signal", name } : { what: "end", wait };
    makeHappen(workflow, happening);
    happenings.push(happening);
  };
  for (let step = 0; workflow.status === "LIVE"; step++) {
    if (step > stepsMax) throw new Error(`the workflow did not end; its history is ${workflow.types().join(" ")}`);
    if (random() < 0.5) {
      happen();
      continue;
    }
    const result = await activateProgram(program, workflow.history(), { random });
    while (random() < 0.3) happen();
    const lost = random() < 0.15;
    if (lost) continue;
    const missed = workflow.events.length - result.seenSequence;
    workflow.submit(result);
    activations.push({ ...result, history: workflow.history(), missed });
  }
  return { workflow, happenings, activations };
}

/** The same things happen in the same order, while activations come at other moments. */
export async function runAgain(
  program: Program,
  happenings: readonly Happening[],
  random: () => number,
): Promise<SimulatedWorkflow> {
  const workflow = new SimulatedWorkflow();
  let happened = 0;
  for (let step = 0; workflow.status === "LIVE"; step++) {
    if (step > stepsMax) throw new Error(`the second run did not end; its history is ${workflow.types().join(" ")}`);
    const next = happenings[happened];
    if (next !== undefined && canHappen(workflow, next) && random() < 0.8) {
      // A timer that is cancelled by now fired in the first run just before.
      if (next.what === "signal" || isOpen(workflow, next.wait)) makeHappen(workflow, next);
      happened += 1;
      continue;
    }
    workflow.submit(await activateProgram(program, workflow.history()));
  }
  return workflow;
}

export async function activateProgram(
  program: Program,
  history: readonly HistoryEvent[],
  {
    executionId = "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e",
    random = () => 0,
  }: { executionId?: string; random?: () => number } = {},
): Promise<RandomActivation> {
  const trace: string[] = [];
  const definition = workflow({ name: "random", run: (ctx) => runProgram(ctx, program, trace) });
  const activation = { executionId, input: Buffer.from("null"), timeMillis: 1_750_000_000_000, history };
  const result = await runActivation(definition, activation, { log: silentLogger, clock: randomClock(random) });
  return { ...result, trace: [...trace] };
}

/** Its time comes after some turns of the event loop, so that timers are due before and after operations end. */
function randomClock(random: () => number): ProcessClock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    at(timeMs, callback) {
      let stopped = false;
      let turns = Math.floor(random() * 5);
      const turn = () => {
        if (stopped) return;
        if (turns-- > 0) setImmediate(turn);
        else {
          nowMs = Math.max(nowMs, timeMs);
          callback();
        }
      };
      setImmediate(turn);
      return () => {
        stopped = true;
      };
    },
  };
}

function canHappen(workflow: SimulatedWorkflow, happening: Happening): boolean {
  if (happening.what === "signal") return true;
  return workflow.waits.some(({ what, id }) => what === happening.wait.what && id === happening.wait.id);
}

function isOpen(workflow: SimulatedWorkflow, wait: SimulatedWait): boolean {
  return workflow.open.some(({ what, id }) => what === wait.what && id === wait.id);
}

function makeHappen(workflow: SimulatedWorkflow, happening: Happening): void {
  if (happening.what === "signal") {
    const { name } = happening;
    const count = workflow.types().filter((type) => type === "SIGNAL_RECEIVED").length;
    workflow.signal(name, `signal ${count}`);
    return;
  }
  const { what, id } = happening.wait;
  const wait = workflow.find(what, id);
  const { path, fails } = (wait.input ?? {}) as { path?: string; fails?: boolean };
  switch (what) {
    case "task":
      if (fails) workflow.failTask(id, `no luck at ${path}`);
      else workflow.completeTask(id, `did ${wait.kind} at ${path}`);
      return;
    case "child":
      if (fails || workflow.cancelRequested.has(id)) workflow.failChild(wait.name, `no luck at ${path}`);
      else workflow.completeChild(wait.name, `child did ${wait.kind} at ${path}`);
      return;
    case "timer":
      workflow.fireTimer(id);
      return;
    case "promise":
      settle(workflow, wait);
  }
}

/** How a promise ends follows from how many were created before it. */
function settle(workflow: SimulatedWorkflow, { id }: SimulatedWait): void {
  const position = workflow.waits.filter((wait) => wait.what === "promise").findIndex((wait) => wait.id === id);
  if (position % 5 === 3) workflow.rejectPromise(id, `refused ${position}`);
  else if (position % 5 === 4) workflow.timeOutPromise(id);
  else workflow.resolvePromise(id, `value ${position}`);
}

/** Numbers from 0 to below 1 that follow from a seed, so that fast-check can replay a run. */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
