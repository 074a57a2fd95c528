import type { Logger } from "@flovyn/sdk";
import { print } from "../print.js";

/** What a person wants to see of a demo's worker: its own lines and failures, one short line each. */
export const demoLogger: Logger = {
  debug() {},
  info: (message, fields) => show(message, fields),
  warn: (message, fields) => show(message, fields),
  error: (message, fields) => show(message, fields),
};

function show(message: string, fields: Record<string, unknown> = {}): void {
  const { kind, attempt, err } = fields;
  const where = kind === undefined ? "" : `${kind}`;
  const which = attempt === undefined ? "" : ` (attempt ${attempt})`;
  const why = err instanceof Error ? `: ${err.message}` : "";
  print(`${" ".repeat(12)}worker  ${`${where}${which}`.padEnd(30)} ${message}${why}`);
}
