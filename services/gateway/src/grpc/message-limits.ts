import { payloadBytesMax } from "@flovyn/domain";

/** How large one request message may be, before and after decompression. */
export interface MessageLimits {
  readonly bytes: number;
  /** Fields that are set in the message and in the messages within it; each entry of a list counts. */
  readonly elements: number;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Messages without payloads: ids, names, paging. */
export const smallMessage: MessageLimits = { bytes: 64 * kibibyte, elements: 1000 };
/** One payload with 64 KiB of metadata, ids and keys beside it. */
const onePayload: MessageLimits = { bytes: payloadBytesMax + 192 * kibibyte, elements: 1000 };
const twoPayloads: MessageLimits = { bytes: 2 * payloadBytesMax + 192 * kibibyte, elements: 1000 };
/** Texts of errors, which are cut later and not refused. */
const errorTexts: MessageLimits = { bytes: mebibyte, elements: 1000 };

/** By RPC; all others take small messages. */
const limitsByRpc: Readonly<Record<string, MessageLimits>> = {
  // 1,000 kinds of 255 characters.
  PollWorkflow: { bytes: mebibyte, elements: 2000 },
  StartWorkflow: onePayload,
  StartChildWorkflow: onePayload,
  ResolvePromise: onePayload,
  RejectPromise: errorTexts,
  SignalWorkflow: onePayload,
  SignalWithStartWorkflow: twoPayloads,
  // 10,000 commands of a dozen fields, with some metadata.
  SubmitWorkflowCommands: { bytes: 16 * mebibyte, elements: 500_000 },
  // 100 spans of 32 attributes.
  ReportExecutionSpans: { bytes: 8 * mebibyte, elements: 20_000 },
  QueryWorkflow: onePayload,
  SubmitTask: onePayload,
  CompleteTask: onePayload,
  FailTask: errorTexts,
  ReportActivationFailure: errorTexts,
  LogMessage: { bytes: 512 * kibibyte, elements: 1000 },
  SetState: onePayload,
  StreamTaskData: { bytes: mebibyte + 64 * kibibyte, elements: 1000 },
  // 1,000 definitions of a dozen fields, with their schemas.
  RegisterWorker: { bytes: 8 * mebibyte, elements: 50_000 },
};

/** The largest message of any RPC. */
export const messageBytesMax = Math.max(...Object.values(limitsByRpc).map(({ bytes }) => bytes));

export function messageLimits(service: string, rpc: string): MessageLimits {
  // Agents are answered UNIMPLEMENTED, whatever they send.
  if (service === "flovyn.v1.AgentDispatch") return onePayload;
  return limitsByRpc[rpc] ?? smallMessage;
}
