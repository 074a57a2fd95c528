import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute or more: begun last, they would run on alone while the other test processes have nothing to do. */
const longFiles = [
  "tests/neighbours/test/one-process.test.ts",
  "tests/neighbours/test/two-gateways.test.ts",
  "tests/services/test/family/family-on-postgres.test.ts",
  "tests/e2e/test/hostile-connections.test.ts",
  "tests/e2e/test/waits-killed.test.ts",
  "tests/e2e/test/hostile-requests.test.ts",
  "tests/e2e/test/admin-commands.test.ts",
  "tests/e2e/test/examples.test.ts",
  "tests/e2e/test/worker-killed.test.ts",
].map((file) => resolve(import.meta.dirname, "../../..", file));

const missing = longFiles.find((file) => !existsSync(file));
if (missing !== undefined) throw new Error(`${missing} is named in long-files-first.ts and not there`);

/** Has test files run in this order: the long ones, then all others in the order of vitest. */
export default class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const index = longFiles.indexOf(moduleId);
      return index < 0 ? longFiles.length : index;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
