import type { AttackResult } from "../attack/run-attack.js";
import type { Observation } from "../neighbour/neighbour-job.js";
import { type Outcome, ratioOf } from "./outcome.js";

/** Examples of one kind of complaint; a server that fails fails in every call. */
const shownMax = 5;

/**
 * Everything about an outcome that must not be, as sentences; none where the neighbour went on undisturbed. With `ratioMax`
 * the times of the neighbour count, too.
 */
export function complaintsOf(outcome: Outcome, { ratioMax }: { ratioMax?: number } = {}): string[] {
  const { attacked, idle, memory, result } = outcome;
  const ratio = ratioOf(outcome);
  return [
    ...outcome.ended.map((name) => `${name} ended`),
    ...[attacked, ...idle].flatMap(ofNeighbour),
    // Otherwise nothing was attacked, or nothing was there to be disturbed.
    ...(result.calls === 0 ? ["the attacker made no call"] : []),
    ...(attacked.workflows.length === 0 ? ["the neighbour started no workflow during the attack"] : []),
    ...some("no refusal", failuresOf(result)),
    ...(memory.backAfterMs === undefined ? [`memory is not given back: ${inMib(memory)}`] : []),
    ...(ratioMax !== undefined && !(ratio < ratioMax) ? [`the p99 of the neighbour is ${ratio.toFixed(1)} times`] : []),
  ];
}

function ofNeighbour({ refusals, workflows }: Observation): string[] {
  const faults = workflows.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  return [...some("a call of the neighbour was refused", refusals), ...some("a workflow went wrong", faults)];
}

/** Answers that say that something of the server failed, rather than that a call was refused. */
function failuresOf({ endedByTarget }: AttackResult): string[] {
  const failed = /^(?:INTERNAL|UNKNOWN|DATA_LOSS|UNAVAILABLE|HTTP 5\d\d|not made)/;
  return Object.entries(endedByTarget).flatMap(([target, ended]) =>
    Object.entries(ended).flatMap(([how, count]) => (failed.test(how) ? [`${target}: ${how}, ${count} times`] : [])),
  );
}

function some(what: string, examples: readonly string[]): string[] {
  const more = examples.length - shownMax;
  const shown = examples.slice(0, shownMax).map((example) => `${what}: ${example}`);
  return more > 0 ? [...shown, `${what}: ${more} more`] : shown;
}

function inMib({ process, beforeBytes, peakBytes, afterBytes }: Outcome["memory"]): string {
  const [before, peak, after] = [beforeBytes, peakBytes, afterBytes].map((bytes) => Math.round(bytes / 1024 ** 2));
  return `${process} had ${before} MiB before, at most ${peak}, ${after} afterwards`;
}
