import { SignalWithStartWorkflowRequest } from "@flovyn/proto/v1";
import { checkName } from "../definitions/name.js";
import { encodeJson } from "../json.js";
import { type StartOptions, toStartRequest } from "./start-options.js";

export interface SignalOptions {
  /** Chosen by the caller: the same id twice is one signal, so a signal with an id is repeated after a lost answer. */
  signalId?: string;
}

/** What became of a signal. */
export interface SentSignal {
  /** Its place in the history of the workflow. */
  readonly sequence: number;
  /** True when the `signalId` was received before: this time nothing was added. */
  readonly duplicate: boolean;
}

export interface SignalWithStartOptions extends Omit<StartOptions, "idempotencyKey"> {
  /** The caller's own name for the workflow: its idempotency key, not its execution id. */
  workflowId: string;
  signal: SignalOptions & { name: string; value?: unknown };
}

/** Errors: RangeError for a blank or overlong name, TypeError when the value has no JSON form. */
export function toSignal(name: string, value: unknown): { signalName: string; signalValue: Buffer } {
  return {
    signalName: checkName(name, "signal"),
    signalValue: encodeJson(value, `the value of signal ${JSON.stringify(name)}`),
  };
}

/** Errors: RangeError, TypeError when input or value have no JSON form. */
export function toSignalWithStartRequest(
  start: { orgId: string; queue: string; kind: string; input: unknown },
  { workflowId, signal, ...options }: SignalWithStartOptions,
): SignalWithStartWorkflowRequest {
  const { input, ...request } = toStartRequest(start, { ...options, idempotencyKey: workflowId });
  return SignalWithStartWorkflowRequest.fromPartial({
    ...request,
    workflowId,
    workflowInput: input,
    ...toSignal(signal.name, signal.value),
    signalId: signal.signalId,
  });
}
