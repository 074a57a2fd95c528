import { cancelReasonMax } from "@flovyn/domain";
import type { Metadata } from "@grpc/grpc-js";
import { WorkflowQueryError } from "../errors.js";
import { decodeJson, encodeJson } from "../json.js";
import { freeName, key, text } from "../options/checks.js";
import { readOptions } from "../options/read-options.js";
import { readThrown } from "../thrown/read-thrown.js";
import type { Connection } from "../wire/connection.js";
import type { Rpc } from "../wire/rpc.js";
import {
  cancelWorkflow,
  queryWorkflow,
  rejectPromise,
  resolvePromise,
  signalWithStartWorkflow,
  signalWorkflow,
  startWorkflow,
} from "../wire/rpcs.js";
import { untilAnswered } from "../wire/until-answered.js";
import { isOnePromise, type PromiseReference, toPromiseId } from "./promise-reference.js";
import {
  checkSignalWithStart,
  type SentSignal,
  type SignalOptions,
  type SignalWithStartOptions,
  signalTable,
  toSignal,
  toSignalWithStartRequest,
} from "./signal-options.js";
import { type StartOptions, toStartRequest } from "./start-options.js";
import { type CancelOptions, cancelTable } from "./workflow-handle.js";

/** Time for a call that does not wait for anything, finding the server and repeating the call included. */
const callTimeoutMs = 15_000;

export interface NewWorkflow {
  readonly queue: string;
  readonly kind: string;
  readonly input: unknown;
}

/** The calls of a client about workflows and promises. Errors of each: FlovynServiceError, and those of its arguments. */
export class ClientCalls {
  readonly #connection: Connection;
  readonly #metadata: Metadata;
  readonly #orgId: string;

  constructor(connection: Connection, metadata: Metadata, orgId: string) {
    this.#connection = connection;
    this.#metadata = metadata;
    this.#orgId = orgId;
  }

  async start(workflow: NewWorkflow, options: StartOptions): Promise<{ id: string; isNew: boolean }> {
    const request = toStartRequest({ orgId: this.#orgId, ...workflow }, options);
    // Only a key makes it safe to repeat a start whose answer was lost.
    const answer = await this.#call(startWorkflow, request, options.idempotencyKey !== undefined);
    const isNew = answer.idempotencyKeyNew || !answer.idempotencyKeyUsed;
    return { id: answer.workflowExecutionId, isNew };
  }

  async signalWithStart(
    workflow: NewWorkflow,
    options: SignalWithStartOptions,
  ): Promise<{ id: string; isNew: boolean } & SentSignal> {
    checkSignalWithStart(workflow.kind, options);
    const request = toSignalWithStartRequest({ orgId: this.#orgId, ...workflow }, options);
    const answer = await this.#call(signalWithStartWorkflow, request, options.signal.signalId !== undefined);
    const { workflowExecutionId: id, workflowCreated: isNew, signalEventSequence: sequence, duplicate } = answer;
    return { id, isNew, sequence, duplicate };
  }

  async signal(id: string, name: string, value: unknown, options: SignalOptions): Promise<SentSignal> {
    const signal = toSignal(name, value);
    const { signalId } = readOptions(options, `signal(${JSON.stringify(name)}): `, signalTable);
    const workflowExecutionId = freeName(id, "signal: workflowId");
    const request = { orgId: this.#orgId, workflowExecutionId, ...signal, signalId };
    const answer = await this.#call(signalWorkflow, request, signalId !== undefined);
    return { sequence: answer.signalEventSequence, duplicate: answer.duplicate };
  }

  async resolvePromise(reference: PromiseReference, value: unknown): Promise<void> {
    const request = { promiseId: toPromiseId(reference), value: encodeJson(value, "the value of the promise") };
    await this.#call(resolvePromise, request, isOnePromise(reference));
  }

  async rejectPromise(reference: PromiseReference, error: Error | string): Promise<void> {
    const request = { promiseId: toPromiseId(reference), error: readThrown(error).text };
    await this.#call(rejectPromise, request, isOnePromise(reference));
  }

  async query(workflowId: string, name: string, params: unknown): Promise<unknown> {
    freeName(workflowId, "query: workflowId");
    key(name, "query: name");
    const bytes = encodeJson(params, `the parameters of query ${JSON.stringify(name)}`);
    const request = { workflowExecutionId: workflowId, queryName: name, params: bytes };
    const { result, error } = await this.#call(queryWorkflow, request, true);
    if (error !== undefined) throw new WorkflowQueryError({ workflowId, name }, error);
    return decodeJson(result);
  }

  async cancel(workflowId: string, reason: string, options: CancelOptions): Promise<boolean> {
    freeName(workflowId, "cancel: workflowId");
    text(cancelReasonMax)(reason, "cancel: reason");
    const { cascadeToChildren } = readOptions(options, "cancel: ", cancelTable);
    const request = { workflowExecutionId: workflowId, reason, cascadeToChildren };
    return (await this.#call(cancelWorkflow, request, false)).cancelled;
  }

  #call<Request, Response>(rpc: Rpc<Request, Response>, request: Request, mayRepeat: boolean): Promise<Response> {
    const send = () => this.#connection.call(rpc, request, this.#metadata, { timeoutMs: callTimeoutMs });
    return mayRepeat ? untilAnswered(send, { signal: AbortSignal.timeout(callTimeoutMs), onRetry() {} }) : send();
  }
}
