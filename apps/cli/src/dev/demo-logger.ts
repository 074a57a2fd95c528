import type { Logger } from "@flovyn/sdk";

/** What a person wants to see of a demo's worker: its own lines and failures, one short line each. */
export function createDemoLogger(say: (line: string) => void): Logger {
  const show = (message: string, { kind, attempt, err }: Record<string, unknown> = {}): void => {
    const where = kind === undefined ? "" : `${kind}`;
    const which = attempt === undefined ? "" : ` (attempt ${attempt})`;
    const why = err instanceof Error ? `: ${err.message}` : "";
    say(asideLine("worker", `${`${where}${which}`.padEnd(30)} ${message}${why}`));
  };
  return { debug() {}, info: show, warn: show, error: show };
}

/** A line between those of the history, by whoever is `who`. */
export function asideLine(who: string, text: string): string {
  return `${" ".repeat(12)}${who.padEnd(7)} ${text}`;
}
