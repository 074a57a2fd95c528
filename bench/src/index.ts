import { BenchUsageError, parseOptions } from "./options.js";
import { tableOf } from "./report/table.js";
import { runBench } from "./run.js";

/** `npm run bench`: figures go to standard output, progress to standard error. */
async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const report = await runBench(options, (line) => process.stderr.write(`  ${line}\n`));
  const text = options.json ? report.figures.map((figure) => JSON.stringify(figure)).join("\n") : tableOf(report);
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof BenchUsageError;
  const text = isUsage ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`bench: ${text}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
