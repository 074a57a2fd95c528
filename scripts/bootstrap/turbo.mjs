import { pnpm } from "./pnpm.mjs";
import { StepFailed } from "./steps.mjs";

/**
 * Runs a task of turbo.json in all packages. Reports how far it is; when it fails, shows only what the failed packages printed.
 *
 * @param {string} task
 * @param {(progress: string) => void} report
 */
export async function turbo(task, report) {
  let started = 0;
  let total = 0;
  const onLine = (/** @type {string} */ line) => {
    total = Number(/in (\d+) packages/.exec(line)?.[1] ?? total);
    const name = /^(\S+?):\S+: cache (?:hit|miss)/.exec(line)?.[1];
    if (name === undefined) return;
    started += 1;
    report(`${started}/${Math.max(total, started)} ${name}`);
  };
  try {
    await pnpm(
      ["exec", "turbo", "run", task, "--continue=dependencies-successful", "--output-logs=new-only", "--ui=stream"],
      onLine,
    );
  } catch (error) {
    throw error instanceof StepFailed ? new StepFailed(onlyFailures(error.output) || error.message) : error;
  }
}

/** @param {string} output */
function onlyFailures(output) {
  const failed = /^Failed: +(.+)$/m.exec(output)?.[1]?.split(", ") ?? [];
  const prefixes = failed.map((name) => `${name.trim().replace("#", ":")}: `);
  return output
    .split("\n")
    .filter((line) => prefixes.some((prefix) => line.startsWith(prefix)))
    .join("\n");
}
