import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireNodeVersion } from "./node-version.mjs";
import { install } from "./pnpm.mjs";
import { root } from "./root.mjs";
import { installFingerprint, sourceFingerprint, unbuiltPackages } from "./source-tree.mjs";
import { say, skipStep, step } from "./steps.mjs";
import { turbo } from "./turbo.mjs";

const STAMP = join(root, ".flovyn", "bootstrap.json");

/** Installs and builds what is missing or changed. Takes some ten milliseconds when nothing is. */
export async function prepare() {
  requireNodeVersion();
  ignoreMissingTemporaryDirectory();
  const done = readStamp();

  const wantedInstall = installFingerprint();
  if (done.install === wantedInstall && existsSync(join(root, "node_modules", ".modules.yaml"))) {
    skipStep("install", "nothing changed");
  } else {
    await step("install packages", install);
    writeStamp({ install: wantedInstall });
  }

  // Taken before the build: what is edited meanwhile is built the next time.
  const wantedBuild = `${wantedInstall} ${sourceFingerprint()}`;
  if (done.build === wantedBuild && unbuiltPackages().length === 0) {
    skipStep("build", "nothing changed");
  } else {
    await step("build", (report) => turbo("build", report));
    writeStamp({ install: wantedInstall, build: wantedBuild });
  }
}

/** pnpm and the tests fail with a stack of their own when TMPDIR leads nowhere. */
function ignoreMissingTemporaryDirectory() {
  const directory = process.env.TMPDIR;
  if (directory === undefined || existsSync(directory)) return;
  delete process.env.TMPDIR;
  say(`  - TMPDIR names ${directory}, which does not exist; it is ignored`);
}

/** @returns {{ install?: string, build?: string }} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    // The first time, or cut short: then everything is done anew.
    return {};
  }
}

/** @param {{ install?: string, build?: string }} stamp */
function writeStamp(stamp) {
  mkdirSync(join(root, ".flovyn"), { recursive: true });
  writeFileSync(STAMP, `${JSON.stringify(stamp)}\n`);
}
