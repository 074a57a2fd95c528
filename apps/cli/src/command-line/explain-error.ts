import { PolicyError } from "@flovyn/authz";
import { DomainError } from "@flovyn/domain";
import { EmbeddedPostgresError } from "@flovyn/embedded-postgres";
import { PolicyFileError } from "@flovyn/gateway";
import { ConfigError } from "@flovyn/runtime";
import { FlovynServiceError, WorkflowCancelledError, WorkflowFailedError } from "@flovyn/sdk";
import { CommanderError } from "commander";
import { OutOfReachError, RefusedError } from "../dev/rest.js";
import { UsageError } from "./errors.js";

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

/** What is printed of an error that ends a command, and its exit code. Only of an unexpected one it is the stack. */
export function explainError(error: unknown): { text: string; exitCode: number } {
  if (error instanceof CommanderError) return { text: error.message.replace(/^error: /, ""), exitCode: 2 };
  if (error instanceof UsageError || error instanceof ConfigError) return { text: error.message, exitCode: 2 };
  if (errorsForPeople.some((type) => error instanceof type)) return { text: (error as Error).message, exitCode: 1 };
  // Postgres refuses with its own words; they name the user or the database, not the password.
  if (error instanceof Error && "severity" in error) return { text: `Postgres: ${error.message}`, exitCode: 1 };
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (error instanceof Error && typeof code === "string" && /^E[A-Z]+$/.test(code)) {
    return { text: error.message || code, exitCode: 1 };
  }
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}
