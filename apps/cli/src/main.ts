import { keepWasmCallsOutOfLine } from "@flovyn/runtime";
import { explainError } from "./command-line/explain-error.js";
import { runCommandLine } from "./command-line/program.js";
import { endWhenOutputCloses, printFailure } from "./print.js";

keepWasmCallsOutOfLine();
endWhenOutputCloses(() => process.exit(0));
// Without a timer, Node ends a process that waits for nothing but a promise, with code 13 and without a word.
setInterval(() => {}, 60_000);
try {
  await runCommandLine(process.argv.slice(2));
  // Nothing is left to do: open handles of libraries must not keep the process.
  process.exit();
} catch (error) {
  const { text, exitCode } = explainError(error);
  printFailure(text);
  process.exit(exitCode);
}
