/**
 * Goal: what is read of a request before it is decoded is what decoding it gives, whatever the bytes are.
 * Approach: arbitrary bytes of every published message type, sound ones and odd ones, against the codecs of ts-proto.
 */
import { file_google_protobuf_descriptor } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extensionRpcs, type MessageCodec, publishedRpcs } from "../src/descriptors.js";
import * as ext from "../src/ext.js";
import * as v1 from "../src/v1.js";
import {
  countElements,
  type FieldShape,
  type MessageShape,
  messageShape,
  partReader,
  requestShape,
  type Selection,
  shapesOf,
  UnsafeMapKey,
} from "../src/wire.js";
import { cutOff, oddWire, soundWire } from "./arbitrary-wire.js";

const codecs = [
  ...Object.entries(v1).map(([name, codec]) => [`flovyn.v1.${name}`, codec] as const),
  ...Object.entries(ext).map(([name, codec]) => [`flovyn.ext.v1.${name}`, codec] as const),
];
const types: [name: string, codec: MessageCodec][] = codecs.flatMap(([name, codec]) =>
  typeof codec === "object" && "decode" in codec && !name.endsWith("Entry") && !name.endsWith(".Empty")
    ? [[name, codec as MessageCodec]]
    : [],
);

test("every published message type and request has a shape", () => {
  expect(types.length).toBeGreaterThan(100);
  for (const [name] of types) expect(messageShape(name).name).toBe(name);
  for (const { operation } of [...publishedRpcs, ...extensionRpcs]) {
    expect(requestShape(operation).name).toMatch(/^flovyn\.(ext\.)?v1\.\w+(Request|Chunk)$/);
  }
  expect(requestShape("flovyn.v1.WorkerLifecycle/RegisterWorker")).toBe(
    messageShape("flovyn.v1.WorkerRegistrationRequest"),
  );
});

test("what is not described has no shape", () => {
  expect(() => messageShape("flovyn.v1.Nothing")).toThrow("flovyn.v1.Nothing");
  expect(() => requestShape("flovyn.v1.Nothing/None")).toThrow("flovyn.v1.Nothing/None");
});

test("a shape tells maps, oneofs and presence", () => {
  const field = (type: string, name: string) =>
    [...messageShape(`flovyn.v1.${type}`).fields.values()].find((each) => each.name === name);
  expect(field("StartWorkflowRequest", "metadata")).toMatchObject({ map: true, repeated: true, type: "message" });
  expect(field("StartWorkflowRequest", "workflow_version")).toMatchObject({ presence: true, oneof: undefined });
  expect(field("StartChildWorkflowRequest", "workflow_kind")).toMatchObject({ presence: true, oneof: 0 });
  expect(field("SubmitWorkflowCommandsRequest", "commands")).toMatchObject({ map: false, repeated: true });
  expect(field("WorkerRegistrationRequest", "metadata")).toMatchObject({ type: "bytes", presence: false, number: 10 });
});

describe("countElements", () => {
  test.each(types)("counts each field of %s, unknown ones and nested ones too, up to a bound", (name) => {
    const shape = messageShape(name);
    fc.assert(
      fc.property(soundWire(shape), fc.nat({ max: 8 }), ({ bytes, elements }, max) => {
        expect(countElements(shape, bytes, 1_000_000)).toBe(elements);
        expect(countElements(shape, bytes, max)).toBe(Math.min(elements, max + 1));
      }),
      { numRuns: 50 },
    );
  });

  test("counts packed elements, each", () => {
    const shapes = shapesOf([file_google_protobuf_descriptor.proto]);
    const shape = shapes.message("google.protobuf.SourceCodeInfo.Location");
    fc.assert(
      fc.property(soundWire(shape), ({ bytes, elements }) => {
        expect(countElements(shape, bytes, 1_000_000)).toBe(elements);
      }),
    );
    const run = Uint8Array.of(10, 5, 1, 2, 0x80, 1, 4);
    expect([countElements(shape, run, 9), countElements(shape, run, 2)]).toEqual([4, 3]);
  });

  test("counts what the encoders write", () => {
    const command = (value: v1.ScheduleTaskCommand): v1.WorkflowCommand => ({
      ...{ commandType: 4, sequenceNumber: 1 },
      commandData: { $case: "scheduleTask", value },
    });
    const task = v1.ScheduleTaskCommand.fromPartial({ kind: "charge", queue: "payments", maxRetries: 0 });
    const bytes = v1.SubmitWorkflowCommandsRequest.encode(
      v1.SubmitWorkflowCommandsRequest.fromPartial({
        workflowExecutionId: "w",
        commands: [command(task), command(task)],
      }),
    ).finish();
    expect(countElements(messageShape("flovyn.v1.SubmitWorkflowCommandsRequest"), bytes, 100)).toBe(
      1 + 2 * (1 + 3 + 3),
    );
  });

  test.each(types)("gives a count for all bytes that the codec of %s takes", (name, codec) => {
    const shape = messageShape(name);
    fc.assert(
      fc.property(oddWire(shape), (bytes) => {
        const count = countElements(shape, bytes, 1_000_000);
        if (decoded(codec, bytes) !== undefined) expect(count).toBeTypeOf("number");
      }),
      { numRuns: 100 },
    );
  });

  test("does not take bytes that end too early, or what is nested too deep", () => {
    const shape = messageShape("flovyn.v1.PollRequest");
    for (const bytes of [[10], [10, 3, 97], [0x80], [9, 1], [13, 1], [0xff, 1], [11], [6], Array(12).fill(0xff)]) {
      expect(countElements(shape, Uint8Array.from(bytes), 10)).toBeUndefined();
    }
    const groups = Buffer.alloc(2000, 0x83);
    for (let at = 1; at < groups.length; at += 2) groups[at] = 0x01;
    expect(countElements(shape, groups, 1_000_000)).toBeUndefined();
  });

  test("looks at nothing behind the first element too many", () => {
    const bytes = Uint8Array.from([26, 0, 26, 0, 26, 0, 0xff]);
    expect(countElements(messageShape("flovyn.v1.PollRequest"), bytes, 2)).toBe(3);
    expect(countElements(messageShape("flovyn.v1.PollRequest"), bytes, 3)).toBeUndefined();
  });
});

describe("partReader", () => {
  test.each(types)(
    "reads all texts of %s as its codec does, whatever the order and number of fields",
    (name, codec) => {
      const shape = messageShape(name);
      const read = partReader(shape, everything(shape));
      const bytesOf = fc.oneof(
        soundWire(shape).map(({ bytes }) => bytes),
        oddWire(shape),
      );
      fc.assert(
        fc.property(bytesOf, (bytes) => {
          const message = decoded(codec, bytes);
          const part = read(bytes);
          if (message !== undefined) expect(part).toEqual(textsOf(shape, message));
        }),
        { numRuns: 200 },
      );
    },
  );

  test("the last member of a oneof takes the place of those before it, whether it is read or not", () => {
    const read = partReader(messageShape("flovyn.v1.StartChildWorkflowRequest"), { workflowKind: true });
    const encode = (value: v1.StartChildWorkflowRequest["workflowExecutionIdentifier"]) =>
      v1.StartChildWorkflowRequest.encode(
        v1.StartChildWorkflowRequest.fromPartial({ workflowExecutionIdentifier: value as never }),
      ).finish();
    const kind = encode({ $case: "workflowKind", value: "order" });
    const definition = encode({ $case: "workflowDefinitionId", value: "d" });
    expect(read(Buffer.concat([definition, kind]))).toEqual({ workflowKind: "order" });
    expect(read(Buffer.concat([kind, definition]))).toEqual({ workflowKind: undefined });
  });

  test("bytes that are cut off are read as the codec does, where it takes them", () => {
    const shape = messageShape("flovyn.v1.StartWorkflowRequest");
    const read = partReader(shape, { workflowKind: true });
    fc.assert(
      fc.property(cutOff(soundWire(shape).map(({ bytes }) => bytes)), (bytes) => {
        const message = decoded(v1.StartWorkflowRequest, bytes);
        if (message !== undefined) expect(read(bytes)).toMatchObject({ workflowKind: message.workflowKind });
      }),
    );
    expect(read(Uint8Array.of(18, 5, 97))).toBeUndefined();
  });

  test.each([
    ["a field that is not there", { nothing: true }],
    ["a number", { prioritySeconds: true }],
    ["bytes", { input: true }],
    ["one text as several", { queue: [true] }],
    ["a text as a message", { queue: {} }],
  ] as [string, Selection][])("%s cannot be read as asked", (_name, selection) => {
    expect(() => partReader(messageShape("flovyn.v1.StartWorkflowRequest"), selection)).toThrow(
      "flovyn.v1.StartWorkflowRequest",
    );
  });
});

function decoded<Message>(codec: { decode(bytes: Uint8Array): Message }, bytes: Uint8Array): Message | undefined {
  try {
    return codec.decode(bytes);
  } catch {
    return undefined;
  }
}

/** All texts of a type. Maps, which codecs give as objects, are left out. */
function everything(shape: MessageShape): Selection {
  const fields = [...shape.fields.values()].filter(({ type, map }) => !map && (type === "text" || type === "message"));
  return Object.fromEntries(
    fields.map(({ property, message, repeated }) => {
      const wanted = message === undefined ? true : everything(message);
      return [property, repeated ? [wanted] : wanted];
    }),
  );
}

/** What a decoded message says of the same. */
function textsOf(shape: MessageShape, message: object): object {
  const fields = [...shape.fields.values()].filter(({ type, map }) => !map && (type === "text" || type === "message"));
  return Object.fromEntries(
    fields.map(({ property, message: nested, oneof }) => {
      const value = oneof === undefined ? Reflect.get(message, property) : memberOf(message, property);
      const texts = (each: object) => (nested === undefined ? each : textsOf(nested, each));
      return [property, Array.isArray(value) ? value.map(texts) : value === undefined ? undefined : texts(value)];
    }),
  );
}

function memberOf(message: object, property: string) {
  const set = Object.values(message).find((value) => value?.$case === property);
  return set?.value;
}

describe("a map with the key __proto__, which no decoded message holds", () => {
  const bytesOf = (tag: number, content: Uint8Array) =>
    Buffer.concat([Buffer.from([...varint(tag), content.length]), content]);
  const entry = (key: string) => [bytesOf(10, Buffer.from(key)), bytesOf(18, Buffer.from("v"))];
  const maps = types.flatMap(([name, codec]) =>
    [...messageShape(name).fields.values()]
      .filter(({ map }) => map)
      .map((field) => [`${name}.${field.name}`, name, field, codec] as const),
  );

  test.each(maps)("is found in %s, wherever the key stands in its entry", (_title, name, field: FieldShape, codec) => {
    const withEntry = (parts: Uint8Array[]) => bytesOf(field.number * 8 + 2, Buffer.concat(parts));
    for (const parts of [entry("__proto__"), entry("__proto__").reverse()]) {
      const bytes = withEntry(parts);
      const decoded = codec.decode(bytes) as Record<string, object>;
      expect(Object.keys(decoded[field.property] ?? {})).toEqual([]);
      expect(() => countElements(messageShape(name), bytes, 100)).toThrow(new UnsafeMapKey(field.name));
    }
    for (const key of ["__proto_", "__proto__ ", "proto", ""]) {
      expect(countElements(messageShape(name), withEntry(entry(key)), 100)).toBe(3);
    }
  });

  test("is found in messages within messages", () => {
    const shape = messageShape("flovyn.v1.ReportExecutionSpansRequest");
    const inner = [...shape.fields.values()].flatMap((holder) =>
      [...(holder.message?.fields.values() ?? [])].filter(({ map }) => map).map((map) => ({ holder, map })),
    );
    expect(inner.length).toBeGreaterThan(0);
    for (const { holder, map } of inner) {
      const bytes = bytesOf(holder.number * 8 + 2, bytesOf(map.number * 8 + 2, Buffer.concat(entry("__proto__"))));
      expect(() => countElements(shape, bytes, 100)).toThrow(new UnsafeMapKey(map.name));
    }
  });
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
