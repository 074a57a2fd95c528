import { terminalLine, terminalLines } from "@flovyn/runtime";

/**
 * One line for the person at the terminal, whatever the text holds: what comes from a server, a file or another process can
 * neither begin a line of its own nor command the terminal. The only way to standard output.
 */
export function print(line = ""): void {
  process.stdout.write(`${terminalLine(line)}\n`);
}

/** The same where standard output belongs to a program. */
export function printAside(line: string): void {
  process.stderr.write(`${terminalLine(line)}\n`);
}

/** Several lines: of a table, or of text that has some by itself. */
export function printLines(lines: readonly string[]): void {
  for (const line of lines) print(line);
}

/** Why the command ends; of a stack or a list of problems the lines stay. */
export function printFailure(text: string): void {
  process.stderr.write(`flovyn: ${terminalLines(text)}\n`);
}

/**
 * What a command prints may be read by a program that ends before it, as `head` does. The command ends then without an error: one
 * that stops at a signal stops as at that, any other at once.
 */
export function endWhenOutputCloses(exit: () => void): void {
  let closed = false;
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (closed) return;
    closed = true;
    process.exitCode = 0;
    if (process.listenerCount("SIGTERM") > 0) process.emit("SIGTERM", "SIGTERM");
    else exit();
  };
  process.stdout.on("error", onError);
  process.stderr.on("error", onError);
}
