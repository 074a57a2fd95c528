import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pinnedTool } from "./pinned-tool.mjs";
import { root } from "./root.mjs";
import { run } from "./steps.mjs";

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
 * How to run the pnpm of package.json, which is fetched where it is missing and held against its hash. In PATH for turbo, which
 * wants to find it there.
 *
 * @param {(progress: string) => void} [report]
 */
export async function pnpmCommand(report) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const directory = join(root, ".flovyn", "tools");
  const modules = await pinnedTool({ pin: packageManager, directory, ...(report && { report }) });
  const PATH = [join(modules, ".bin"), process.env.PATH].filter(Boolean).join(delimiter);
  return { program: process.execPath, script: join(modules, "pnpm", "bin", "pnpm.cjs"), env: { ...QUIET, PATH } };
}

/**
 * Runs the pinned pnpm.
 *
 * @param {string[]} args
 * @param {(line: string) => void} [onLine]
 */
export async function pnpm(args, onLine) {
  const { program, script, env } = await pnpmCommand(onLine);
  return run(program, [script, ...args], { env, onLine });
}

/** @param {(progress: string) => void} report */
export function install(report) {
  // A NODE_ENV of production would leave out what the build needs; a prompt would wait for ever without a terminal.
  return pnpm(
    ["install", "--frozen-lockfile", "--prod=false", "--reporter=append-only", "--config.confirm-modules-purge=false"],
    report,
  );
}
