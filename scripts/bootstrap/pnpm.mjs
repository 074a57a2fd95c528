import { run } from "./steps.mjs";

const PNPM = "pnpm@10.34.9";

/** Nothing may ask a question, phone home, or mix its own news into the output. */
const QUIET = {
  npm_config_yes: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  npm_config_loglevel: "error",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
};

/**
 * Runs the pinned pnpm. npx brings it where it is missing, and puts it into PATH for turbo, which wants to find it there.
 *
 * @param {string[]} args
 * @param {(line: string) => void} [onLine]
 */
export function pnpm(args, onLine) {
  return run("npx", ["--yes", PNPM, ...args], { env: QUIET, onLine });
}

/** @param {(progress: string) => void} report */
export function install(report) {
  // A NODE_ENV of production would leave out what the build needs; a prompt would wait for ever without a terminal.
  return pnpm(
    ["install", "--frozen-lockfile", "--prod=false", "--reporter=append-only", "--config.confirm-modules-purge=false"],
    report,
  );
}
