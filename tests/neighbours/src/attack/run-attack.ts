import { setMaxListeners } from "node:events";
import { CallError } from "@flovyn/e2e";
import type { AttackCall, AttackStep } from "./attack-call.js";
import { type CallBounds, type Ended, heldToTheEnd } from "./ended.js";
import type { AttackKind } from "./kinds/index.js";
import type { Scene } from "./scene.js";

/** What an attack came to. */
export interface AttackResult {
  calls: number;
  /** Calls by how they ended. */
  ended: Record<Ended, number>;
  /** The same for each RPC and route. */
  endedByTarget: Record<string, Record<Ended, number>>;
}

export type Send = (call: AttackCall, bounds: CallBounds) => Promise<Ended>;

/**
 * Makes the calls of an attack, so many at a time, again from the first after the last, until so many were made or the
 * time is over. Everything that is still open then is taken back.
 */
export async function runAttack(options: {
  kind: AttackKind;
  scene: Scene;
  send: Send;
  ms: number;
  seed: number;
}): Promise<AttackResult> {
  const { kind, send, ms } = options;
  const steps = inTurns(kind.steps(options.scene), options.seed);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const timer = setTimeout(() => over.abort(), ms);
  const bounds = { patienceMs: kind.patienceMs, over: over.signal };
  const result: AttackResult = { calls: 0, ended: {}, endedByTarget: {} };
  const lane = async () => {
    while (!over.signal.aborted && result.calls < kind.calls) {
      const step = steps[result.calls % steps.length];
      if (step === undefined) return;
      result.calls += 1;
      count(result, step.target, await endOf(step, send, bounds));
      // An attack whose calls end at once still has to hear of its end.
      await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: kind.inFlight }, lane));
  clearTimeout(timer);
  return result;
}

async function endOf(step: AttackStep, send: Send, bounds: CallBounds): Promise<Ended> {
  try {
    const call = await step.make();
    return await (bounds.over.aborted ? heldToTheEnd : send(call, bounds));
  } catch (error) {
    if (bounds.over.aborted) return heldToTheEnd;
    // Of a call that had to come first.
    return error instanceof CallError ? error.codeName : `not made: ${String(error)}`;
  }
}

function count(result: AttackResult, target: string, how: Ended): void {
  result.ended[how] = (result.ended[how] ?? 0) + 1;
  const ofTarget = result.endedByTarget[target] ?? {};
  result.endedByTarget[target] = { ...ofTarget, [how]: (ofTarget[how] ?? 0) + 1 };
}

/**
 * One step of each target after the other, and again: a short attack reaches all of them. Within that, an order that looks
 * random and is the same for the same seed.
 */
export function inTurns(steps: Iterable<AttackStep>, seed: number): AttackStep[] {
  const byTarget = new Map<string, AttackStep[]>();
  for (const step of shuffled([...steps], seed)) {
    const ofTarget = byTarget.get(step.target);
    if (ofTarget === undefined) byTarget.set(step.target, [step]);
    else ofTarget.push(step);
  }
  const lists = [...byTarget.values()];
  const rounds = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => lists.flatMap((list) => list.slice(round, round + 1))).flat();
}

function shuffled<Value>(values: readonly Value[], seed: number): Value[] {
  const result = [...values];
  let state = seed >>> 0 || 1;
  for (let last = result.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [result[last], result[other]] = [result[other] as Value, result[last] as Value];
  }
  return result;
}
