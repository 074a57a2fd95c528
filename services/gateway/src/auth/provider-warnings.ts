import { limitedWarning } from "@flovyn/bus";
import type { Logger } from "@flovyn/runtime";
import { errors } from "jose";
import { KeysOutOfReachError } from "./provider-fetch.js";

/** Between two lines of one problem, in ms: while a provider is down, every call with a new token meets it. */
const quietMs = 60_000;
/** Problems with a line of their own; a provider that finds new ones all the time has the rest in one line. */
const problemsMax = 50;

/**
 * Logs that tokens could not be checked: one line a minute for each problem, the next one with how many were left out.
 * What goes wrong on the way to a provider is expected and has no stack; an error of another kind keeps its own.
 */
export function createProviderWarnings(log: Logger): (error: unknown) => void {
  const byProblem = new Map<string, ReturnType<typeof limitedWarning>>();
  const warnOf = (problem: string) => {
    let warn = byProblem.get(problem);
    if (warn === undefined) {
      warn = limitedWarning(log, "tokens of the identity provider cannot be checked", { quietMs });
      byProblem.set(problem, warn);
    }
    return warn;
  };
  return (error) => {
    const expected = problemOf(error);
    const problem = expected ?? "an unexpected error";
    const known = byProblem.has(problem) || byProblem.size < problemsMax ? problem : "another problem";
    warnOf(known)(expected === undefined ? { problem, err: error } : { problem });
  };
}

/** Undefined for an error that is not the provider's. */
function problemOf(error: unknown): string | undefined {
  if (error instanceof KeysOutOfReachError) return error.problem;
  if (error instanceof errors.JWKSTimeout) return "gave no whole answer in time";
  return error instanceof errors.JOSEError ? "sent what is not a set of keys" : undefined;
}
