/** One line for the person at the terminal. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** The same where standard output belongs to a program. */
export function printAside(line: string): void {
  process.stderr.write(`${line}\n`);
}
