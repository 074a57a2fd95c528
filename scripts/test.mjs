// npm test: brings the build up to date, finds a NATS server and runs all tests. Arguments go to vitest.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { otherNodes, otherNodesTests } from "./bootstrap/other-nodes.mjs";
import { prepare } from "./bootstrap/prepare.mjs";
import { root } from "./bootstrap/root.mjs";
import { runMain, StepFailed, say, step } from "./bootstrap/steps.mjs";

const otherNodesOnly = "--other-nodes-only";
const summaryFile = join(root, ".flovyn", "test-summary.json");

await runMain(async () => {
  say("Flovyn tests");
  await prepare();
  await step("find a NATS server", findNats);
  const args = process.argv.slice(2).filter((arg) => arg !== otherNodesOnly);
  const onlyOthers = process.argv.includes(otherNodesOnly);
  const summaries = onlyOthers ? [] : [readSummary(await runVitest(process.execPath, args))];
  // A person who changes something runs the tests on one Node.
  if (onlyOthers || (process.env.CI !== undefined && args.length === 0)) summaries.push(...(await runOnOthers()));
  const { passed, failed, skipped } = addUp(summaries);
  if (skipped.length > 0) say(`\nSkipped:\n${skipped.map(({ name, reason }) => `  ${name}: ${reason}`).join("\n")}`);
  if (passed + failed === 0) say("\nNo test ran.");
  if (passed === 0 || failed > 0) process.exitCode = 1;
  process.stdout.write(
    `\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}\n`,
  );
});

/** The test run would fetch it too, but there it would look like a test that hangs. @param {(progress: string) => void} report */
async function findNats(report) {
  report("NATS_URL, PATH, Debian package, Docker");
  const { findNatsServer } = await import(pathToFileURL(join(root, "packages/testing/dist/index.js")).href);
  try {
    await findNatsServer();
  } catch (error) {
    throw new StepFailed(error instanceof Error ? error.message : String(error));
  }
}

/** @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string }[] }} Summary */

/** @returns {Promise<Summary[]>} */
async function runOnOthers() {
  /** @type {{ version: string, program: string }[]} */
  let nodes = [];
  await step("find the other versions of Node", async (report) => {
    nodes = await otherNodes(report);
  });
  if (nodes.length === 0) {
    const reason = `the registry has no pinned Node for ${process.platform}-${process.arch}`;
    return [{ passed: 0, failed: 0, skipped: [{ name: "tests on other versions of Node", reason }] }];
  }
  const summaries = [];
  for (const { version, program } of nodes) {
    say(`\nOn Node ${version}`);
    const summary = readSummary(await runVitest(program, [...otherNodesTests]));
    say(`On Node ${version}: ${summary.passed} tests passed, ${summary.failed} did not`);
    summaries.push(summary);
  }
  return summaries;
}

/** @param {Summary[]} summaries @returns {Summary} */
function addUp(summaries) {
  return {
    passed: summaries.reduce((sum, { passed }) => sum + passed, 0),
    failed: summaries.reduce((sum, { failed }) => sum + failed, 0),
    skipped: summaries.flatMap(({ skipped }) => skipped),
  };
}

/** @param {string} node @param {string[]} args @returns {Promise<number>} its exit code */
function runVitest(node, args) {
  rmSync(summaryFile, { force: true });
  mkdirSync(join(root, ".flovyn"), { recursive: true });
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=./tests/setup/src/summary-reporter.ts"];
  // As in the server: packages/runtime/src/wasm-calls.ts tells why.
  const flags = ["--no-turbo-inline-js-wasm-calls"];
  const child = spawn(node, [...flags, vitest, "run", ...reporters, ...args], {
    cwd: root,
    env: { ...process.env, FLOVYN_TEST_SUMMARY: summaryFile },
    stdio: "inherit",
  });
  // The terminal signals the whole group: vitest tears down and ends, and this process tells how it went.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** @param {number} code @returns {Summary} */
function readSummary(code) {
  let summary = { passed: 0, failed: 0, skipped: [] };
  try {
    summary = JSON.parse(readFileSync(summaryFile, "utf8"));
  } catch {
    say("\nThe test run ended before it could sum up.");
  }
  // A failed set-up or teardown fails no test, but the run.
  if (code !== 0 && summary.failed === 0) summary.failed = 1;
  return summary;
}
