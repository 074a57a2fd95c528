// Whatever a request or an answer holds survives encoding, and the size that is promised for a frame is never exceeded:
// the messages are filled by it, up to the limit of the broker.
import { ReplyBatch, type ReplyFrame, RequestBatch } from "@flovyn/proto/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BusRequest, Caller } from "../bus.js";
import {
  asBuffer,
  chunkBytes,
  replyFrameBytes,
  requestFrameBytes,
  toIncomingRequest,
  toRequestFrame,
} from "./frames.js";
import { packFrames } from "./pack.js";

const anyText = fc.string({ unit: "grapheme", maxLength: 60 });
const anyName = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
const anyPayload = fc.uint8Array({ maxLength: 300 });

const anyCaller: fc.Arbitrary<Caller> = fc.record(
  {
    orgId: anyText,
    principalType: fc.constantFrom("User", "Worker", "Service"),
    principalId: anyText,
    role: anyName,
  },
  { requiredKeys: ["orgId", "principalType", "principalId"] },
);

const anyRequest: fc.Arbitrary<BusRequest> = fc.record(
  {
    service: fc.constantFrom("dispatch", "tasks", "timers", "promises"),
    operation: anyName,
    payload: anyPayload,
    timeoutMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    caller: anyCaller,
    requestId: anyText,
    traceparent: anyText,
    claimEpoch: fc.maxSafeNat(),
  },
  { requiredKeys: ["service", "operation", "payload", "timeoutMs", "caller", "requestId", "traceparent"] },
);

const anyReply: fc.Arbitrary<ReplyFrame> = fc.record({
  id: fc.integer({ min: 1, max: 0xffff_ffff }),
  answer: fc.oneof(
    fc.record({ $case: fc.constant("payload" as const), value: anyPayload.map(asBuffer) }),
    fc.record({
      $case: fc.constant("error" as const),
      value: fc.record({ code: anyText, message: anyText, reason: anyText, field: anyText }),
    }),
    fc.record({
      $case: fc.constant("chunk" as const),
      value: fc.record({ index: fc.nat(), last: fc.boolean(), data: anyPayload.map(asBuffer) }),
    }),
    fc.record({ $case: fc.constant("alive" as const), value: fc.constant(true) }),
    fc.record({ $case: fc.constant("fetchSubject" as const), value: anyName }),
  ),
});

const limits = { bytesMax: 2_000, countMax: 256 };

describe("request frames", () => {
  it("come out of their messages as they went in, in messages that fit", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 30 }), (requests) => {
        const frames = requests.map((request, index) => ({
          ...toRequestFrame(request, request.timeoutMs),
          id: index + 1,
        }));
        const received = packFrames(frames, requestFrameBytes, limits).flatMap((pack) => {
          const message = RequestBatch.encode({ frames: pack }).finish();
          const promised = pack.reduce((sum, frame) => sum + requestFrameBytes(frame), 0);
          expect(message.byteLength).toBeLessThanOrEqual(promised);
          return RequestBatch.decode(message).frames;
        });
        expect(received.map((frame) => frame.id)).toEqual(frames.map((frame) => frame.id));
        const incoming = received.map((frame) => toIncomingRequest(frame, new Uint8Array(frame.payload)));
        expect(incoming).toEqual(requests.map(({ service: _, ...request }) => request));
      }),
    );
  });

  it("are refused without an operation, a caller, or a known kind of caller", () => {
    const frame = toRequestFrame(
      {
        service: "tasks",
        operation: "internal/X",
        payload: new Uint8Array(0),
        timeoutMs: 1,
        caller: { orgId: "o", principalType: "User", principalId: "p" },
        requestId: "",
        traceparent: "",
      },
      1,
    );
    const unusable = [
      { ...frame, operation: "" },
      { ...frame, caller: undefined },
      { ...frame, caller: { orgId: "o", principalType: "Robot", principalId: "p", role: "" } },
    ];
    for (const bad of unusable) {
      expect(() => toIncomingRequest(bad, bad.payload)).toThrowError(expect.objectContaining({ code: "InvalidInput" }));
    }
  });
});

describe("reply frames", () => {
  it("come out of their messages as they went in, in messages that fit", () => {
    fc.assert(
      fc.property(fc.array(anyReply, { maxLength: 30 }), (frames) => {
        const received = packFrames(frames, replyFrameBytes, limits).flatMap((pack) => {
          const message = ReplyBatch.encode({ frames: pack }).finish();
          const promised = pack.reduce((sum, frame) => sum + replyFrameBytes(frame), 0);
          expect(message.byteLength).toBeLessThanOrEqual(promised);
          return ReplyBatch.decode(message).frames;
        });
        expect(received).toEqual(frames);
      }),
    );
  });

  it("fit a message of the broker when they hold a chunk of the size for it", () => {
    for (const messageBytesMax of [1_024, 65_536, 1_048_576]) {
      const data = Buffer.alloc(chunkBytes(messageBytesMax));
      const frame: ReplyFrame = {
        id: 0xffff_ffff,
        answer: { $case: "chunk", value: { index: 0xffff_ffff, last: true, data } },
      };
      expect(ReplyBatch.encode({ frames: [frame] }).finish().byteLength).toBeLessThanOrEqual(messageBytesMax);
    }
  });
});
