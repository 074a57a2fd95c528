import { setTimeout as pause } from "node:timers/promises";
import { reasonOf } from "./reason.js";
import type { DemoTarget } from "./target.js";

/** The server is away, or on its way up or down. */
export class OutOfReachError extends Error {
  override readonly name = "OutOfReachError";
}

/** A refusal of the server, in its own words. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

const tryAgainMs = 500;

/**
 * Calls a route below the organization, as `/workflow-executions`; with a body as POST. Errors: OutOfReachError,
 * RefusedError.
 */
export async function callRest<Answer>(target: DemoTarget, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${target.httpUrl}/api/orgs/${target.orgSlug}${path}`, {
    headers: { authorization: `Bearer ${target.apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new OutOfReachError(
      `${target.httpUrl} does not answer (${reasonOf(cause)}): check --http-port, and that the server runs`,
      { cause },
    );
  });
  if (answer.status >= 500) throw new OutOfReachError(`${answer.status} ${await answer.text()}`);
  if (answer.status === 401) {
    throw new RefusedError(
      `${target.httpUrl} does not take the key of the data directory (401): check that --data and --http-port are of one server`,
    );
  }
  if (!answer.ok) throw new RefusedError(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** Does a call that bears repetition until the server answers. Errors: those of the call; AbortError. */
export async function untilReached<Answer>(call: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof OutOfReachError)) throw error;
      await pause(tryAgainMs, undefined, { signal });
    }
  }
}
