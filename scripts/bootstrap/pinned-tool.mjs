import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run, StepFailed } from "./steps.mjs";

/** npm asks nothing, reports nothing and runs no code of a package. */
const QUIET = ["--yes", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", "--ignore-scripts"];

/**
 * The directory below `directory` that holds the package which `pin` names, as the field `packageManager` of package.json
 * does: `pnpm@10.34.9+sha512.<hex>`. The first time, npm fetches it; what is not the package of that hash is never unpacked.
 * Later it is neither fetched nor looked at again. Errors: StepFailed.
 *
 * @param {{ pin: string, directory: string, env?: NodeJS.ProcessEnv, report?: (progress: string) => void }} options
 * @returns {Promise<string>}
 */
export async function pinnedTool({ pin, directory, env = {}, report }) {
  const [, name = "", version = "", hash = ""] =
    /^([a-z0-9-]+)@(\d+\.\d+\.\d+)\+sha512\.([0-9a-f]{128})$/.exec(pin) ?? [];
  if (hash === "") {
    throw new StepFailed(
      `a pinned package must be named like pnpm@10.34.9+sha512.<128 hex digits>, as packageManager of package.json; it is ${pin}`,
    );
  }
  const home = join(directory, `${name}-${version}-${hash.slice(0, 16)}`);
  if (existsSync(home)) return join(home, "node_modules");
  mkdirSync(directory, { recursive: true });
  // Made beside and renamed, so that a fetch cut short, or another at the same time, leaves no half of it.
  const partial = mkdtempSync(join(directory, "partial-"));
  try {
    report?.(`fetching ${name} ${version}`);
    const npm = (/** @type {string[]} */ args) => run("npm", [...args, ...QUIET], { env, cwd: partial });
    writeFileSync(join(partial, "package.json"), '{ "private": true }\n');
    await npm(["pack", `${name}@${version}`, "--prefer-offline"]);
    const archive = readdirSync(partial).find((file) => file.endsWith(".tgz"));
    if (archive === undefined) throw new StepFailed(`npm fetched no archive of ${name} ${version}`);
    const found = createHash("sha512")
      .update(readFileSync(join(partial, archive)))
      .digest("hex");
    if (found !== hash) {
      throw new StepFailed(
        `What npm fetched as ${name} ${version} is not what this project names, and is not run: ` +
          `its SHA-512 is ${found}, not ${hash}. Look at the registry that npm uses (npm config get registry).`,
      );
    }
    await npm(["install", `./${archive}`, "--prefix", partial, "--offline", "--no-save", "--no-package-lock"]);
    takePlace(partial, home);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return join(home, "node_modules");
}

/** @param {string} partial @param {string} home */
function takePlace(partial, home) {
  try {
    renameSync(partial, home);
  } catch (error) {
    // Another process was first; what it made came from the same archive.
    if (!existsSync(home)) throw error;
  }
}
