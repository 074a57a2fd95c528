import { PolicyError } from "@flovyn/authz";
import { DomainError } from "@flovyn/domain";
import { EmbeddedPostgresError } from "@flovyn/embedded-postgres";
import { PolicyFileError } from "@flovyn/gateway";
import { ConfigError, keepWasmCallsOutOfLine } from "@flovyn/runtime";
import { FlovynServiceError, WorkflowCancelledError, WorkflowFailedError } from "@flovyn/sdk";
import { RefusedError } from "./admin/admin-calls.js";
import { auth } from "./commands/auth.js";
import { demo } from "./commands/demo.js";
import { dev } from "./commands/dev.js";
import { doctor } from "./commands/doctor.js";
import { migrateCommand } from "./commands/migrate.js";
import { org } from "./commands/org.js";
import { serve } from "./commands/serve.js";
import { token } from "./commands/token.js";
import { version } from "./compose/version.js";
import { OutOfReachError } from "./dev/rest.js";
import { print, printFailure, printLines } from "./print.js";
import { UsageError, usage } from "./usage.js";

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  dev,
  serve,
  migrate: migrateCommand,
  doctor,
  demo,
  org,
  token,
  auth,
  version: async () => print(version),
  help: async () => printLines(usage.split("\n")),
};

/** Errors that are meant for the person at the terminal; of anything else the stack is shown. */
function explain(error: unknown): { text: string; exitCode: number } {
  if (error instanceof UsageError || error instanceof ConfigError) return { text: error.message, exitCode: 2 };
  if (isForPeople(error)) return { text: error.message, exitCode: 1 };
  // Postgres refuses with its own words; they name the user or the database, not the password.
  if (error instanceof Error && "severity" in error) return { text: `Postgres: ${error.message}`, exitCode: 1 };
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (error instanceof Error && typeof code === "string" && /^(ERR_PARSE_ARGS|E[A-Z]+$)/.test(code)) {
    return { text: error.message || code, exitCode: code.startsWith("ERR_PARSE") ? 2 : 1 };
  }
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}

const errorsForPeople = [
  DomainError,
  EmbeddedPostgresError,
  FlovynServiceError,
  OutOfReachError,
  PolicyError,
  PolicyFileError,
  RefusedError,
  WorkflowCancelledError,
  WorkflowFailedError,
];

function isForPeople(error: unknown): error is Error {
  return errorsForPeople.some((type) => error instanceof type);
}

keepWasmCallsOutOfLine();
const [name = "help", ...args] = process.argv.slice(2);
const wantsHelp = args.some((arg) => arg === "--help" || arg === "-h");
const command = commands[wantsHelp || name === "-h" ? "help" : name.replace(/^--/, "")];
try {
  if (command === undefined) throw new UsageError(`there is no command ${name}\n\n${usage}`);
  await command(args);
  // Nothing is left to do: open handles of libraries must not keep the process.
  process.exit();
} catch (error) {
  const { text, exitCode } = explain(error);
  printFailure(text);
  process.exit(exitCode);
}
