import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";

const GROUPS = ["packages", "services", "apps", "examples", "tests"];
const SINGLES = ["bench"];
const NOT_SOURCE = new Set(["node_modules", "dist", ".turbo", ".flovyn", "coverage", ".git"]);

/** The directories of the workspace's packages, relative to the root. */
export function packageDirectories() {
  const grouped = GROUPS.filter((group) => existsSync(join(root, group))).flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );
  return [...grouped, ...SINGLES].filter((directory) => existsSync(join(root, directory, "package.json")));
}

/** Changes when an install could have another result. */
export function installFingerprint() {
  const manifests = packageDirectories().map((directory) => `${directory}/package.json`);
  const files = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ...manifests];
  const hash = createHash("sha256").update(`${process.versions.node} ${process.platform} ${process.arch} ${root}\n`);
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Changes when a build could have another result. Looks at names, sizes and times only: reading everything would cost a start. */
export function sourceFingerprint() {
  const hash = createHash("sha256");
  for (const directory of [...packageDirectories(), "proto"]) addTree(hash, directory);
  for (const file of ["turbo.json", "tsconfig.base.json"]) addFile(hash, file);
  return hash.digest("hex");
}

/** Packages that have a build but nothing built. */
export function unbuiltPackages() {
  return packageDirectories().filter((directory) => {
    const { scripts } = JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8"));
    return scripts?.build !== undefined && !existsSync(join(root, directory, "dist"));
  });
}

/** @param {import("node:crypto").Hash} hash @param {string} directory */
function addTree(hash, directory) {
  const absolute = join(root, directory);
  if (!existsSync(absolute)) return;
  for (const entry of readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (NOT_SOURCE.has(entry.name)) continue;
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) addTree(hash, path);
    else if (entry.isFile()) addFile(hash, path);
  }
}

/** @param {import("node:crypto").Hash} hash @param {string} file */
function addFile(hash, file) {
  const { size, mtimeMs } = statSync(join(root, file));
  hash.update(`${file} ${size} ${mtimeMs}\n`);
}
