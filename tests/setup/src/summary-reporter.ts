import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/** What a test run came to, for the script that started it. */
export interface Summary {
  passed: number;
  /** Tests, and files or hooks that broke outside of a test. */
  failed: number;
  skipped: { name: string; reason: string }[];
}

/** Writes the summary as JSON to the file that FLOVYN_TEST_SUMMARY names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env.FLOVYN_TEST_SUMMARY;
    if (!file) return;
    const summary: Summary = { passed: 0, failed: unhandled.length, skipped: [] };
    for (const module of modules) {
      summary.failed += countBroken(module);
      for (const test of module.children.allTests()) count(summary, module, test);
    }
    writeFileSync(file, JSON.stringify(summary));
  }
}

function count(summary: Summary, module: TestModule, test: TestCase): void {
  const result = test.result();
  if (result.state === "passed") summary.passed += 1;
  else if (result.state === "skipped") {
    const reason =
      result.note ?? (test.options.mode === "todo" ? "to be written" : "not selected, or marked to be skipped");
    summary.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason });
  } else summary.failed += 1;
}

/** A file that does not load and a suite whose hook throws have errors of their own, and fail no test. */
function countBroken(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].filter((one) => one.errors().length > 0).length;
}
