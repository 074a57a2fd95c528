/**
 * Goal: no RPC takes a message that is larger, or holds more elements, than it has use for, plain or compressed, and nothing
 * of such a message reaches a service. Approach: all RPCs of the route table, and all repeated fields of their requests.
 */
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import type { FieldShape, MessageShape } from "@flovyn/proto/wire";
import { type Client, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../src/grpc/routes.js";
import { callRaw, GatewayHarness, metadataOf, workerKey } from "./gateway-harness.js";

let harness: GatewayHarness;
let client: Client;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  client = harness.client();
});

afterAll(() => harness.stop());

const pass = (bytes: Buffer) => bytes;
const received = () => routes.reduce((sum, { path }) => sum + harness.services.of(path).length, 0);

/** How a call of any shape ends that sends one message. */
function outcome(route: (typeof routes)[number], message: Buffer): Promise<{ code: number; details: string }> {
  if (route.shape === "unary") {
    return callRaw(client, route.path, message).then(({ error }) => ({
      code: error?.code ?? status.OK,
      details: error?.details ?? "",
    }));
  }
  return new Promise((resolve) => {
    const call = client.makeServerStreamRequest(`/${route.path}`, pass, pass, message, metadataOf({}));
    call.on("error", (error) => resolve(error as never));
    call.resume();
  });
}

/** Calls whose caller streams are those of agents, which are answered before their first message. */
const answeredLater = routes.filter(({ shape }) => shape !== "client-stream");

describe.each(answeredLater)("$name", (route) => {
  it("refuses a message that is larger than its limit, and names the limit", async () => {
    const before = received();
    const { code, details } = await outcome(route, Buffer.alloc(route.limits.bytes + 1, 0x0a));
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(details).toContain(String(route.limits.bytes));
    expect(received()).toBe(before);
  });
});

interface RepeatedField {
  name: string;
  route: (typeof routes)[number];
  /** Fields that lead from the request to the repeated one. */
  path: readonly FieldShape[];
}

/** Every repeated field of a message and of those within it; a message within itself is looked at once. */
function repeatedFields(shape: MessageShape, path: FieldShape[] = [], within: string[] = []): FieldShape[][] {
  if (within.includes(shape.name)) return [];
  return [...shape.fields.values()].flatMap((field) => {
    const here = [...path, field];
    const nested = field.message === undefined ? [] : repeatedFields(field.message, here, [...within, shape.name]);
    return field.repeated ? [here, ...nested] : nested;
  });
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

const tag = ({ number }: FieldShape, wireType: number) => varint(number * 8 + wireType);

/** A message whose field at the end of a path has so many empty elements. */
function withElements(path: readonly FieldShape[], count: number): Buffer {
  const [first, ...rest] = path as [FieldShape, ...FieldShape[]];
  if (rest.length > 0) {
    const inner = withElements(rest, count);
    return Buffer.concat([tag(first, 2), varint(inner.byteLength), inner]);
  }
  const one =
    first.wireType === 2 ? Buffer.concat([tag(first, 2), varint(0)]) : Buffer.concat([tag(first, 0), varint(0)]);
  return Buffer.alloc(one.byteLength * count, one);
}

const fields: RepeatedField[] = routes
  .filter(({ shape }) => shape === "unary")
  .flatMap((route) =>
    repeatedFields(route.request as MessageShape).map((path) => ({
      name: `${route.name} ${path.map(({ name }) => name).join(".")}`,
      ...{ route, path },
    })),
  );

/** Of the others the size is the smaller limit: so many elements do not fit. */
const countable = fields
  .map((field) => ({ ...field, tooMany: withElements(field.path, field.route.limits.elements + 1) }))
  .filter(({ route, tooMany }) => tooMany.byteLength <= route.limits.bytes);

describe.each(countable)("the list $name", ({ route, tooMany }) => {
  it("is refused before it is decoded when it has too many elements", async () => {
    const before = received();
    const { code, details } = await outcome(route, tooMany);
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toBe(`request: must have at most ${route.limits.elements} elements, has more`);
    expect(received()).toBe(before);
  });
});

it("the lists of the protocol that hold the most elements in the fewest bytes are among those that are tried", () => {
  const names = countable.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      "RegisterWorker workflows",
      "RegisterWorker workflows.tags",
      "SubmitWorkflowCommands commands",
    ]),
  );
});

/** How a unary call ends whose message is compressed, which clients of grpc-js cannot be made to do for bytes. */
async function compressedOutcome(path: string, packed: Buffer): Promise<number> {
  const session = connect(`http://127.0.0.1:${harness.gateway.ports.grpc}`);
  const stream = session.request({
    ...{ ":method": "POST", ":path": `/${path}`, "content-type": "application/grpc", te: "trailers" },
    ...{ authorization: `Bearer ${workerKey}`, "grpc-encoding": "gzip" },
  });
  const frame = Buffer.alloc(5);
  frame.writeUInt8(1, 0);
  frame.writeUInt32BE(packed.byteLength, 1);
  stream.end(Buffer.concat([frame, packed]));
  const code = await new Promise<number>((resolve) => {
    const read = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
    };
    stream
      .on("response", read)
      .on("trailers", read)
      .on("error", () => {})
      .resume();
  });
  session.destroy();
  return code;
}

it("a compressed message counts as what it becomes", async () => {
  const route = routes.find(({ name }) => name === "RegisterWorker") as (typeof routes)[number];
  const { path } = fields.find(({ name }) => name === "RegisterWorker workflows") as RepeatedField;
  const before = received();
  expect(await compressedOutcome(route.path, gzipSync(withElements(path, 3_000_000)))).toBe(status.INVALID_ARGUMENT);
  const tooLarge = gzipSync(Buffer.alloc(route.limits.bytes + 1));
  expect(await compressedOutcome(route.path, tooLarge)).toBe(status.RESOURCE_EXHAUSTED);
  expect(received()).toBe(before);
});
