import { SignalWithStartWorkflowRequest } from "@flovyn/proto/v1";
import { encodeJson } from "../json.js";
import { type Check, key, name as signalName } from "../options/checks.js";
import { type OptionTable, readOptions, required } from "../options/read-options.js";
import { type StartOptions, startTable, toStartRequest } from "./start-options.js";

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

export const signalTable = { signalId: key } satisfies OptionTable<SignalOptions>;

const sentSignalTable = {
  ...signalTable,
  name: required(signalName),
  value: (value) => value,
} satisfies OptionTable<SignalWithStartOptions["signal"]>;

const sentSignal: Check<SignalWithStartOptions["signal"]> = (value, field) => {
  readOptions(value ?? null, `${field}.`, sentSignalTable);
  return value as SignalWithStartOptions["signal"];
};

const { idempotencyKey: _, ...startTableRest } = startTable;

export const signalWithStartTable = {
  ...startTableRest,
  workflowId: required(key),
  signal: required(sentSignal),
} satisfies OptionTable<SignalWithStartOptions>;

/** Errors: RangeError for a name that cannot be one, TypeError when the value has no JSON form. */
export function toSignal(name: string, value: unknown): { signalName: string; signalValue: Buffer } {
  return {
    signalName: signalName(name, "signal: name"),
    signalValue: encodeJson(value, `the value of signal ${JSON.stringify(name)}`),
  };
}

/** What is checked before anything of it is looked at. Errors: RangeError naming the option. */
export function checkSignalWithStart(kind: string, options: SignalWithStartOptions): void {
  readOptions(options ?? null, `signalWithStart(${JSON.stringify(kind)}): `, signalWithStartTable);
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
