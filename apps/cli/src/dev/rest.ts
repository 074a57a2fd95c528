import { setTimeout as pause } from "node:timers/promises";
import type { DemoTarget } from "./target.js";

/** The server is away, or on its way up or down. */
export class OutOfReachError extends Error {
  override readonly name = "OutOfReachError";
}

const tryAgainMs = 500;

/**
 * Calls a route below the organization, as `/workflow-executions`; with a body as POST. Errors: OutOfReachError; Error with the
 * text of a refusal.
 */
export async function callRest<Answer>(target: DemoTarget, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${target.httpUrl}/api/orgs/${target.orgSlug}${path}`, {
    headers: { authorization: `Bearer ${target.apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new OutOfReachError(`${target.httpUrl} does not answer`, { cause });
  });
  if (answer.status >= 500) throw new OutOfReachError(`${answer.status} ${await answer.text()}`);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
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
