import type { Command } from "commander";

const heading = "Examples:";

/** Ends the help of a command with command lines that it takes, as `doctor --data /srv/flovyn`. */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText("after", ["", heading, ...lines.map((line) => `  flovyn ${line}`)].join("\n"));
}
