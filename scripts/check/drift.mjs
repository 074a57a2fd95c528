import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../bootstrap/root.mjs";
import { StepFailed } from "../bootstrap/steps.mjs";

/**
 * Runs a generator and fails when it changes anything below `directory`. Puts everything back as it was: a check changes nothing.
 *
 * @param {{ directory: string, generate: () => Promise<unknown>, remedy: string }} options
 */
export async function refuseDrift({ directory, generate, remedy }) {
  const before = readTree(directory);
  /** @type {string[]} */
  let changes = [];
  try {
    await generate();
    changes = compare(before, readTree(directory));
  } finally {
    restore(directory, before);
  }
  if (changes.length > 0) throw new StepFailed(`${changes.join("\n")}\n${remedy}`);
}

/** @param {Map<string, Buffer>} before @param {Map<string, Buffer>} after */
function compare(before, after) {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (!old) return [`new:     ${path}`];
    if (!now) return [`gone:    ${path}`];
    return old.equals(now) ? [] : [`changed: ${path}`];
  });
}

/** @param {string} directory @param {Map<string, Buffer>} before */
function restore(directory, before) {
  const now = readTree(directory);
  for (const path of now.keys()) if (!before.has(path)) rmSync(join(root, path));
  for (const [path, content] of before) {
    if (now.get(path)?.equals(content)) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** @param {string} directory @returns {Map<string, Buffer>} contents by path */
function readTree(directory) {
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  const visit = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else files.set(path, readFileSync(join(root, path)));
    }
  };
  if (existsSync(join(root, directory))) visit(directory);
  return files;
}
