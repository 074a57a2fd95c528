import { Command } from "commander";
import { addAuth } from "../commands/auth.js";
import { addDemo } from "../commands/demo.js";
import { addDev } from "../commands/dev.js";
import { addDoctor } from "../commands/doctor.js";
import { addMigrate } from "../commands/migrate.js";
import { addOrg } from "../commands/org.js";
import { addServe } from "../commands/serve.js";
import { addToken } from "../commands/token.js";
import { version } from "../compose/version.js";
import { print, printLines } from "../print.js";
import { withExamples } from "./examples.js";

/** Every command with its options. What it is called with wrongly is a CommanderError that names the nearest known word. */
export function createProgram(): Command {
  const program = new Command("flovyn")
    .description("Durable workflows: a server, its commands and examples.")
    .version(version, "--version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => printLines(text.trimEnd().split("\n")),
      // The error is thrown too, and printed where all errors are.
      writeErr: () => {},
    });
  withExamples(program, "dev", "demo orders", "serve gateway --config flovyn.toml", "doctor", "token create --help");
  addDev(program);
  addServe(program);
  addMigrate(program);
  addDoctor(program);
  addDemo(program);
  addOrg(program);
  addToken(program);
  addAuth(program);
  const shown = program.command("version").description("print the version");
  withExamples(shown, "version").action(() => print(version));
  return program;
}

/** Runs one command line. Errors: CommanderError, UsageError, those of the command. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync(asked(program, words), { from: "user" });
  } catch (error) {
    if (!isShown(error)) throw error;
  }
}

/** A command that only has others below it says which; `flovyn` and `flovyn demo` list what there is. */
function asked(program: Command, words: readonly string[]): string[] {
  const below = program.commands.find((one) => one.name() === words[0])?.commands ?? [];
  const listed = words.length === 0 || (words.length === 1 && below.length > 0);
  return listed ? [...words, "--help"] : [...words];
}

/** Help and version end a command line by an error, too. */
function isShown(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "commander.helpDisplayed" || code === "commander.help" || code === "commander.version";
}
