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

/** However slow the server and the machine are, an attack is over after its time and this. */
const moreMsMax = 60_000;
const lookEveryMs = 50;

/**
 * Makes the calls of an attack, so many at a time, again from the first after the last, until the most that it may make are
 * made or, once the least are, until its time is over. Everything that is still open then is taken back.
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
  const bounds = { patienceMs: kind.patienceMs, over: over.signal };
  const result: AttackResult = { calls: 0, ended: {}, endedByTarget: {} };
  let open = 0;
  const lane = async () => {
    while (!over.signal.aborted && result.calls < kind.callsMax) {
      const step = steps[result.calls % steps.length];
      if (step === undefined) return;
      result.calls += 1;
      open += 1;
      count(result, step.target, await endOf(step, send, bounds));
      open -= 1;
      // An attack whose calls end at once still has to hear of its end.
      await new Promise(setImmediate);
    }
  };
  // Calls that are held count when they are made: they last as long as the attack.
  const isHeld = kind.patienceMs === Number.POSITIVE_INFINITY;
  const isUnderWay = () => result.calls - (isHeld ? 0 : open) >= kind.callsMin;
  const timer = endInTime({ ms, isHeld, isUnderWay, over });
  await Promise.all(Array.from({ length: kind.inFlight }, lane));
  clearInterval(timer);
  return result;
}

/** Ends an attack once it is under way and its time is over; of held calls, the time that they are all held. */
function endInTime(attack: {
  ms: number;
  isHeld: boolean;
  isUnderWay: () => boolean;
  over: AbortController;
}): NodeJS.Timeout {
  const startMs = performance.now();
  let underWayMs: number | undefined;
  return setInterval(() => {
    const now = performance.now();
    if (attack.isUnderWay()) underWayMs ??= now;
    const isLate = now - startMs >= attack.ms + moreMsMax;
    const sinceMs = attack.isHeld ? underWayMs : startMs;
    if (isLate || (underWayMs !== undefined && now - (sinceMs ?? now) >= attack.ms)) attack.over.abort();
  }, lookEveryMs);
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
 * One step of each target after the other, and again: a short attack reaches all of them, each by its first steps. The order
 * of the targets looks random and is the same for the same seed.
 */
export function inTurns(steps: Iterable<AttackStep>, seed: number): AttackStep[] {
  const byTarget = new Map<string, AttackStep[]>();
  for (const step of steps) {
    const ofTarget = byTarget.get(step.target);
    if (ofTarget === undefined) byTarget.set(step.target, [step]);
    else ofTarget.push(step);
  }
  const lists = shuffled([...byTarget.values()], seed);
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
