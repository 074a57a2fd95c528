import { DomainError } from "@flovyn/domain";
import type { ReplyFrame, RequestFrame } from "@flovyn/proto/internal";
import type { BusRequest, Caller, IncomingRequest } from "../bus.js";

/** Tags, lengths and numbers of a frame, and its share of the batch around it. An upper bound. */
const overheadBytes = 128;
/** A UTF-16 code unit takes at most this many bytes in UTF-8. */
const bytesPerCodeUnit = 3;

/** A request as it travels. Its id is given when it is sent. */
export function toRequestFrame(request: BusRequest, timeoutMs: number): RequestFrame {
  const { caller } = request;
  return {
    id: 0,
    operation: request.operation,
    caller: {
      orgId: caller.orgId,
      principalType: caller.principalType,
      principalId: caller.principalId,
      role: caller.role ?? "",
    },
    requestId: request.requestId,
    traceparent: request.traceparent,
    claimEpoch: request.claimEpoch,
    historySequence: request.historySequence,
    timeoutMs: Math.ceil(timeoutMs),
    payload: asBuffer(request.payload),
    chunkedBytes: 0,
  };
}

/** What a handler gets. Errors: InvalidInput when the frame names no operation or no usable caller. */
export function toIncomingRequest(frame: RequestFrame, payload: Uint8Array): IncomingRequest {
  if (frame.operation === "") throw new DomainError("InvalidInput", "the request names no operation");
  return {
    operation: frame.operation,
    payload,
    timeoutMs: frame.timeoutMs,
    caller: toCaller(frame),
    requestId: frame.requestId,
    traceparent: frame.traceparent,
    ...(frame.claimEpoch !== undefined && { claimEpoch: frame.claimEpoch }),
    ...(frame.historySequence !== undefined && { historySequence: frame.historySequence }),
  };
}

function toCaller(frame: RequestFrame): Caller {
  const { caller } = frame;
  if (caller === undefined || !isPrincipalType(caller.principalType)) {
    throw new DomainError("InvalidInput", "the request names no caller");
  }
  return {
    orgId: caller.orgId,
    principalType: caller.principalType,
    principalId: caller.principalId,
    ...(caller.role !== "" && { role: caller.role }),
  };
}

function isPrincipalType(text: string): text is Caller["principalType"] {
  return text === "User" || text === "Worker" || text === "Service";
}

/** Upper bound of what the frame takes in a RequestBatch, in bytes. */
export function requestFrameBytes(frame: RequestFrame): number {
  const { caller } = frame;
  let codeUnits = frame.operation.length + frame.requestId.length + frame.traceparent.length;
  if (caller !== undefined) {
    codeUnits += caller.orgId.length + caller.principalType.length + caller.principalId.length + caller.role.length;
  }
  return overheadBytes + codeUnits * bytesPerCodeUnit + frame.payload.byteLength;
}

/** Upper bound of what the frame takes in a ReplyBatch, in bytes. */
export function replyFrameBytes(frame: ReplyFrame): number {
  const { answer } = frame;
  switch (answer?.$case) {
    case "payload":
      return overheadBytes + answer.value.byteLength;
    case "chunk":
      return overheadBytes + answer.value.data.byteLength;
    case "error": {
      const { code, message, reason, field } = answer.value;
      return overheadBytes + (code.length + message.length + reason.length + field.length) * bytesPerCodeUnit;
    }
    case "fetchSubject":
      return overheadBytes + answer.value.length * bytesPerCodeUnit;
    default:
      return overheadBytes;
  }
}

/** How many payload bytes fit one message beside the other parts of a frame. */
export function chunkBytes(messageBytesMax: number): number {
  return Math.max(1, Math.min(messageBytesMax - overheadBytes * 2, chunkBytesMax));
}

/** A broker may allow 64 MB in one message; pieces of 256 KiB keep the others flowing. */
const chunkBytesMax = 256 * 1024;

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
