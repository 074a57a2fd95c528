/**
 * Goal: a text that is not UTF-8 is refused by name, in whatever field of whatever request. Approach: the generated code itself
 * says which fields are texts: every field number is tried, nested ones too, and what decodes to a replacement character is one.
 */
import { extensionRpcs, type MessageCodec, publishedRpcs } from "@flovyn/proto/descriptors";
import { PollRequest, StartWorkflowRequest, SubmitWorkflowCommandsRequest } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import { decodeMessage } from "./decode-message.js";

const numberMax = 130;
const depthMax = 4;
const invalid = Buffer.from([0xff]);

/** A length-delimited field, as texts, bytes and messages are. */
function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.byteLength), content]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7]);
}

/** Requests that are well-formed but for one text, which is at the numbers that stand beside each. */
function brokenTexts(codec: MessageCodec): { numbers: string; bytes: Buffer }[] {
  const found: { numbers: string; bytes: Buffer }[] = [];
  const explore = (numbers: readonly number[], wrap: (content: Buffer) => Buffer): void => {
    for (let number = 1; number <= numberMax; number++) {
      const bytes = wrap(field(number, invalid));
      const here = [...numbers, number];
      const texts = decodedTexts(codec, bytes);
      if (texts?.includes("\ufffd")) found.push({ numbers: here.join("."), bytes });
      // It is no message of its type with this content: a field that holds a message.
      if (texts === undefined && here.length < depthMax) explore(here, (content) => wrap(field(number, content)));
    }
  };
  explore([], (content) => content);
  return found;
}

function decodedTexts(codec: MessageCodec, bytes: Buffer): string | undefined {
  try {
    return JSON.stringify(codec.decode(bytes));
  } catch {
    return undefined;
  }
}

const requests = [...publishedRpcs, ...extensionRpcs].map(({ operation, requestType }) => ({
  operation,
  requestType,
  broken: brokenTexts(requestType),
}));

/** Ten bytes at most, as protobuf writes 64 bits. */
function int64(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Requests with one integer that is too large, where the generated code says that it is. */
function hugeIntegers(codec: MessageCodec): { codec: MessageCodec; bytes: Buffer }[] {
  const found: { codec: MessageCodec; bytes: Buffer }[] = [];
  const explore = (depth: number, wrap: (content: Buffer) => Buffer): void => {
    for (let number = 1; number <= numberMax; number++) {
      const bytes = wrap(Buffer.concat([varint(number * 8), int64(2n ** 62n)]));
      if (decodedTexts(codec, bytes) === undefined) found.push({ codec, bytes });
      const isMessage = decodedTexts(codec, wrap(field(number, invalid))) === undefined;
      if (isMessage && depth < depthMax) explore(depth + 1, (content) => wrap(field(number, content)));
    }
  };
  explore(1, (content) => content);
  return found;
}

const refusal = (codec: MessageCodec, bytes: Uint8Array): unknown => {
  try {
    return decodeMessage(codec, bytes);
  } catch (error) {
    return error;
  }
};

/** The entry of `metadata`, field 4 of StartWorkflowRequest. */
const entry = (key: Buffer, value: Buffer) => field(4, Buffer.concat([field(1, key), field(2, value)]));
/** `commands` is field 2, `record_operation` field 10 in it. */
const secondCommand = () => Buffer.concat([field(2, Buffer.alloc(0)), field(2, field(10, field(1, invalid)))]);

describe("decodeMessage", () => {
  it("finds the texts of the requests", () => {
    expect(requests.flatMap(({ broken }) => broken).length).toBeGreaterThan(200);
  });

  it.each(requests)("refuses every text of $operation that is not UTF-8, by name", ({ requestType, broken }) => {
    for (const { numbers, bytes } of broken) {
      const error = refusal(requestType, bytes);
      expect(error, numbers).toMatchObject({ code: "InvalidInput", field: expect.stringMatching(/^[a-z]/) });
      const { field: name, message } = error as { field: string; message: string };
      expect([numbers, message]).toEqual([numbers, `${name}: is not UTF-8 text`]);
    }
  });

  it.each<[string, MessageCodec, Buffer]>([
    ["worker_id", PollRequest, field(1, invalid)],
    ["workflow_kind", StartWorkflowRequest, field(2, invalid)],
    ["commands[1].record_operation.operation_name", SubmitWorkflowCommandsRequest, secondCommand()],
    ["metadata", StartWorkflowRequest, entry(invalid, Buffer.from("x"))],
    ["metadata.tenant", StartWorkflowRequest, entry(Buffer.from("tenant"), invalid)],
  ])("names %s", (name, codec, bytes) => {
    expect(refusal(codec, bytes)).toMatchObject({ field: name });
  });

  it("takes every text that is UTF-8, replacement characters and byte order marks included", () => {
    const workflowKind = "\ufeffé漢😀\ufffd\u0000";
    const bytes = StartWorkflowRequest.encode(StartWorkflowRequest.create({ workflowKind })).finish();
    expect(decodeMessage(StartWorkflowRequest, bytes)).toMatchObject({ workflowKind });
  });

  it("refuses every integer that a number cannot hold, by name and with the range", () => {
    const integers = requests.flatMap(({ requestType }) => hugeIntegers(requestType));
    expect(integers.length).toBeGreaterThan(20);
    for (const { codec, bytes } of integers) {
      const error = refusal(codec, bytes) as { field: string; message: string };
      expect(error).toMatchObject({ code: "InvalidInput", field: expect.stringMatching(/^[a-z]/) });
      expect(error.message).toBe(`${error.field}: must be an integer from -9007199254740991 to 9007199254740991`);
    }
  });

  it.each([2n ** 53n, 2n ** 63n - 1n, -(2n ** 53n), -(2n ** 63n)])("names the integer %s", (value) => {
    expect(refusal(PollRequest, Buffer.concat([varint(4 * 8), int64(value)]))).toMatchObject({
      field: "timeout_seconds",
    });
  });

  it.each([2n ** 53n - 1n, 1n - 2n ** 53n, 0n])("takes the integer %s", (value) => {
    const bytes = Buffer.concat([varint(4 * 8), int64(value)]);
    expect(decodeMessage(PollRequest, bytes)).toMatchObject({ timeoutSeconds: Number(value) });
  });

  it("refuses what is no message", () => {
    expect(refusal(PollRequest, Buffer.from([0x0a, 0xff]))).toMatchObject({
      code: "InvalidInput",
      message: "the request is not a valid protobuf message of its type",
    });
  });
});
