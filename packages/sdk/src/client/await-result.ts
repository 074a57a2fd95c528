import type { WorkflowEvent } from "@flovyn/proto/v1";
import type { Metadata } from "@grpc/grpc-js";
import { ResultTimeoutError, WorkflowCancelledError, WorkflowFailedError } from "../errors.js";
import { decodeJson } from "../json.js";
import { Backoff } from "../wire/backoff.js";
import type { Connection } from "../wire/connection.js";
import { pause, settledWithin } from "../wire/pause.js";
import { awaitResult, getEvents } from "../wire/rpcs.js";
import { isRefusal, mayPass } from "../wire/service-error.js";
import { type ExecutionFacts, readFacts } from "./execution-facts.js";

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

/** How long the end of the time waits for the last look, with a server that is out of reach. */
const lastLookMs = 2000;
/** How long an error waits for what history adds to it. */
const factsTimeoutMs = 5000;

type End = { readonly output: unknown } | { readonly failure: string } | { readonly cancelReason: string };
/** An end, or the status so far where it is known. */
type Look = (waitMs: number) => Promise<{ readonly end?: End; readonly status?: string }>;

/** Gives the output of a workflow once it ended. Errors as in `WorkflowHandle.result`. */
export async function waitForResult(wait: ResultWait): Promise<unknown> {
  const deadline = performance.now() + (wait.timeoutMs ?? Number.POSITIVE_INFINITY);
  const outage = new Outage();
  let look: Look = (waitMs) => askServer(wait, waitMs);
  for (;;) {
    const leftMs = Math.max(deadline - performance.now(), 0);
    try {
      const { end } = await look(Math.min(holdMs, Math.ceil(leftMs)));
      outage.over();
      if (end !== undefined) return await outcomeOf(wait, end);
    } catch (error) {
      if (isRefusal(error, "UNIMPLEMENTED")) look = (waitMs) => readHistory(wait, waitMs);
      else if (mayPass(error)) await pause(Math.min(outage.nextMs(error), leftMs));
      else throw error;
    }
    if (performance.now() >= deadline) return await lastLook(wait, look);
  }
}

async function outcomeOf(wait: ResultWait, end: End): Promise<unknown> {
  const { workflowId } = wait;
  if ("output" in end) return end.output;
  if ("cancelReason" in end) throw new WorkflowCancelledError(workflowId, end.cancelReason);
  const { failure } = end;
  const facts = await readFactsOf(wait);
  throw new WorkflowFailedError(workflowId, failure, { kind: facts?.kind, failedTask: facts?.failedTask(failure) });
}

/** A held call may answer with a status that is seconds old, so the end of the time is seen by a call that is not held. */
async function lastLook(wait: ResultWait, look: Look): Promise<unknown> {
  const asked = look(0).catch(() => undefined);
  const answer = await settledWithin(asked, lastLookMs);
  if (answer?.end !== undefined) return outcomeOf(wait, answer.end);
  const facts = answer && (await readFactsOf(wait));
  const waitsFor = facts === undefined ? [] : waitsOf(facts, answer?.status);
  throw new ResultTimeoutError(wait.workflowId, wait.timeoutMs ?? 0, { kind: facts?.kind, waitsFor });
}

/** For people. A workflow that is not suspended waits for a worker, whatever its calls wait for. */
export function waitsOf({ kind, waitsFor }: ExecutionFacts, status: string | undefined): readonly string[] {
  if (status === "PENDING") return [kind === undefined ? "a worker" : `a worker for workflows of kind "${kind}"`];
  if (status === "RUNNING") return ["the worker that runs it now"];
  return waitsFor.length === 0 ? ["a signal"] : waitsFor;
}

/** Undefined when the history cannot be read, which must not hide the error that it is read for. */
async function readFactsOf({ connection, metadata, workflowId }: ResultWait): Promise<ExecutionFacts | undefined> {
  try {
    const request = { workflowExecutionId: workflowId };
    const { events } = await connection.call(getEvents, request, metadata, { timeoutMs: factsTimeoutMs });
    return readFacts(
      events.map(({ sequenceNumber, eventType, eventData }) => ({
        sequence: sequenceNumber,
        type: eventType,
        data: eventData,
      })),
    );
  } catch {
    return undefined;
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

async function askServer({ connection, metadata, workflowId }: ResultWait, waitMs: number): ReturnType<Look> {
  const request = { workflowExecutionId: workflowId, holdMs: waitMs };
  const answer = await connection.call(awaitResult, request, metadata, { timeoutMs: waitMs + callSlackMs });
  switch (answer.status) {
    case "COMPLETED":
      return { end: { output: answer.output === undefined ? null : decodeJson(answer.output) } };
    case "FAILED":
      return { end: { failure: answer.error ?? "" } };
    case "CANCELLED":
      return { end: { cancelReason: answer.error ?? "" } };
    default:
      return { status: answer.status };
  }
}

async function readHistory({ connection, metadata, workflowId }: ResultWait, waitMs: number): ReturnType<Look> {
  const request = { workflowExecutionId: workflowId };
  const { events } = await connection.call(getEvents, request, metadata, { timeoutMs: holdMs });
  const last = events.findLast((event) => event.eventType in endings);
  const end = last && endings[last.eventType]?.(dataOf(last));
  if (end !== undefined) return { end };
  await pause(Math.min(lookAgainMs, waitMs));
  return {};
}

type Ending = (data: Record<string, unknown>) => End;

const failedEnding: Ending = (data) => ({ failure: String(data.error ?? "") });

/** Events after which a history does not grow. */
const endings: Readonly<Record<string, Ending>> = {
  WORKFLOW_COMPLETED: (data) => ({ output: data.output ?? null }),
  WORKFLOW_EXECUTION_FAILED: failedEnding,
  WORKFLOW_FAILED: failedEnding,
  WORKFLOW_CANCELLED: (data) => ({ cancelReason: String(data.reason ?? "") }),
};

function dataOf(event: WorkflowEvent): Record<string, unknown> {
  const data = decodeJson(event.eventData);
  return data !== null && typeof data === "object" ? (data as Record<string, unknown>) : {};
}
