import { setTimeout as pause } from "node:timers/promises";
import { assertFanOutHistory, CallError, type FlovynClient } from "@flovyn/e2e";
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import type { FinishedWorkflow, Observation } from "./neighbour-job.js";
import { queue } from "./neighbour-worker.js";

const lanes = 4;
/** A lane starts no more than one workflow in this time: the neighbour is a small one, far below any rate. */
const periodMs = 100;
const holdMs = 20_000;
/** What takes longer has no result. */
const giveUpMs = 120_000;

interface Run {
  startedMs: number;
  finished: Promise<FinishedWorkflow & { id?: string }>;
}

/** The client of the neighbour: a few lanes, each with one workflow after the other, for as long as its process lives. */
export class NeighbourClient {
  readonly #client: FlovynClient;
  readonly #runs: Run[] = [];
  readonly #refusals: { atMs: number; text: string }[] = [];
  #stopped = false;

  constructor(client: FlovynClient) {
    this.#client = client;
    for (let lane = 0; lane < lanes; lane++) void this.#lane(lane);
  }

  /** Notes a call that was not answered with OK, of the client or the worker. */
  refused(error: CallError): void {
    this.#refusals.push({ atMs: Date.now(), text: error.message });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** What was started in a stretch of time, once all of it has ended and its histories were read. */
  async observe(sinceMs: number, untilMs: number): Promise<Observation> {
    const within = (atMs: number) => atMs >= sinceMs && atMs < untilMs;
    const runs = this.#runs.filter(({ startedMs }) => within(startedMs));
    const finished = await Promise.all(runs.map((run) => run.finished));
    const workflows: FinishedWorkflow[] = [];
    for (const { id, ...workflow } of finished) {
      const fault = workflow.fault ?? (id === undefined ? undefined : await this.#faultOfHistory(id));
      workflows.push({ ms: workflow.ms, ...(fault !== undefined && { fault }) });
    }
    const refusals = this.#refusals.filter(({ atMs }) => within(atMs)).map(({ text }) => text);
    return { workflows, refusals };
  }

  async #lane(lane: number): Promise<void> {
    for (let count = 0; !this.#stopped; count++) {
      const startedMs = Date.now();
      const finished = this.#runOne(`"${lane}-${count}"`);
      this.#runs.push({ startedMs, finished });
      await finished;
      await pause(Math.max(0, startedMs + periodMs - Date.now()));
    }
  }

  async #runOne(input: string): Promise<FinishedWorkflow & { id?: string }> {
    const begunMs = performance.now();
    try {
      const started = await this.#client.startWorkflow({ workflowKind: "work", queue, input: Buffer.from(input) });
      const id = started.workflowExecutionId;
      const { status, output } = await this.#result(id, begunMs + giveUpMs);
      const ms = performance.now() - begunMs;
      const fault = status === "COMPLETED" && output?.toString() === input ? undefined : `${status} with ${output}`;
      return { ms, id, ...(fault !== undefined && { fault }) };
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.refused(error);
      return { ms: performance.now() - begunMs, fault: error.message };
    }
  }

  async #result(workflowExecutionId: string, untilMs: number): Promise<AwaitResultResponse> {
    const request = AwaitResultRequest.encode({ workflowExecutionId, holdMs }).finish();
    for (;;) {
      const answer = await this.#client.connection.unary("/flovyn.ext.v1.WorkflowClient/AwaitResult", request);
      const result = AwaitResultResponse.decode(answer);
      if (/COMPLETED|FAILED|CANCELLED/.test(result.status) || performance.now() > untilMs) return result;
    }
  }

  /** A history begins once, schedules its task once, completes it once, and ends once. */
  async #faultOfHistory(id: string): Promise<string | undefined> {
    try {
      assertFanOutHistory(await this.#client.getEvents(id), 1);
      return undefined;
    } catch (error) {
      return `history of ${id}: ${error instanceof Error ? error.message : error}`;
    }
  }
}
