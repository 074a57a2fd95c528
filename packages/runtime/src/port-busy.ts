import { DomainError } from "@flovyn/domain";

/** A listen error as a sentence that says which port it is and what to do. Other errors pass as they are. */
export function portBusy(error: unknown, port: number, purpose: string): unknown {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (code === "EADDRINUSE") {
    return new DomainError(
      "Unavailable",
      `port ${port} (${purpose}) is in use by another process: stop it, or choose another port`,
    );
  }
  if (code === "EACCES") {
    return new DomainError(
      "Unavailable",
      `port ${port} (${purpose}) may not be used by this user: choose one above 1023`,
    );
  }
  return error;
}
