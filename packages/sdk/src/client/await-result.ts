import type { WorkflowEvent } from "@flovyn/proto/v1";
import type { Metadata } from "@grpc/grpc-js";
import { ResultTimeoutError, WorkflowCancelledError, WorkflowFailedError } from "../errors.js";
import { decodeJson } from "../json.js";
import { Backoff } from "../wire/backoff.js";
import type { Connection } from "../wire/connection.js";
import { pause } from "../wire/pause.js";
import { awaitResult, getEvents } from "../wire/rpcs.js";
import { isRefusal, mayPass } from "../wire/service-error.js";

export interface ResultWait {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly workflowId: string;
  readonly timeoutMs: number | undefined;
}

/** How long the server is asked to hold one call. */
const holdMs = 30_000;
const callSlackMs = 10_000;
/** Between looks at the history of a server that cannot hold the call. */
const lookAgainMs = 500;
/** A server that is out of reach for so long is reported. */
const outageMsMax = 60_000;

type End = { readonly output: unknown } | { readonly error: Error };
type Look = (waitMs: number) => Promise<End | undefined>;

/** Gives the output of a workflow once it ended. Errors as in `WorkflowHandle.result`. */
export async function waitForResult(wait: ResultWait): Promise<unknown> {
  const deadline = performance.now() + (wait.timeoutMs ?? Number.POSITIVE_INFINITY);
  const outage = new Outage();
  let look: Look = (waitMs) => askServer(wait, waitMs);
  for (;;) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw new ResultTimeoutError(wait.workflowId, wait.timeoutMs ?? 0);
    try {
      const end = await look(Math.min(holdMs, Math.ceil(leftMs)));
      outage.over();
      if (end === undefined) continue;
      if ("error" in end) throw end.error;
      return end.output;
    } catch (error) {
      if (isRefusal(error, "UNIMPLEMENTED")) look = (waitMs) => readHistory(wait, waitMs);
      else if (mayPass(error)) await pause(Math.min(outage.nextMs(error), Math.max(leftMs, 0)));
      else throw error;
    }
  }
}

/** Counts how long the server has been out of reach. */
class Outage {
  readonly #backoff = new Backoff({ firstMs: 100, maxMs: 2000 });
  #sinceMs: number | undefined;

  over(): void {
    this.#sinceMs = undefined;
    this.#backoff.reset();
  }

  /** How long to wait before the next try; throws the error when the outage lasts too long. */
  nextMs(error: unknown): number {
    this.#sinceMs ??= performance.now();
    if (performance.now() - this.#sinceMs > outageMsMax) throw error;
    return this.#backoff.nextMs();
  }
}

async function askServer({ connection, metadata, workflowId }: ResultWait, waitMs: number): Promise<End | undefined> {
  const request = { workflowExecutionId: workflowId, holdMs: waitMs };
  const answer = await connection.call(awaitResult, request, metadata, { timeoutMs: waitMs + callSlackMs });
  switch (answer.status) {
    case "COMPLETED":
      return { output: answer.output === undefined ? null : decodeJson(answer.output) };
    case "FAILED":
      return { error: new WorkflowFailedError(workflowId, answer.error ?? "") };
    case "CANCELLED":
      return { error: new WorkflowCancelledError(workflowId, answer.error ?? "") };
    default:
      return undefined;
  }
}

async function readHistory({ connection, metadata, workflowId }: ResultWait, waitMs: number): Promise<End | undefined> {
  const request = { workflowExecutionId: workflowId };
  const { events } = await connection.call(getEvents, request, metadata, { timeoutMs: holdMs });
  const last = events.findLast((event) => event.eventType in endings);
  if (last === undefined) await pause(Math.min(lookAgainMs, waitMs));
  return last && endings[last.eventType]?.(workflowId, dataOf(last));
}

type Ending = (workflowId: string, data: Record<string, unknown>) => End;

const failedEnding: Ending = (id, data) => ({ error: new WorkflowFailedError(id, String(data.error ?? "")) });

/** Events after which a history does not grow. */
const endings: Readonly<Record<string, Ending>> = {
  WORKFLOW_COMPLETED: (_id, data) => ({ output: data.output ?? null }),
  WORKFLOW_EXECUTION_FAILED: failedEnding,
  WORKFLOW_FAILED: failedEnding,
  WORKFLOW_CANCELLED: (id, data) => ({ error: new WorkflowCancelledError(id, String(data.reason ?? "")) }),
};

function dataOf(event: WorkflowEvent): Record<string, unknown> {
  const data = decodeJson(event.eventData);
  return data !== null && typeof data === "object" ? (data as Record<string, unknown>) : {};
}
