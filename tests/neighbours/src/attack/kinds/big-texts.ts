import { isText, type RequestField, requestFields, within } from "../../surface/request-fields.js";
import { gzipFrame } from "../../wire/grpc-frame.js";
import { lengthField } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { grpcCall, httpCall, messageCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";
import { bodyBytes, textBytes } from "./sizes.js";

/** What a text is made of: JSON that is one long text, letters of three bytes, escapes that become six, digits. */
const contents: readonly ((bytes: number) => string)[] = [
  (bytes) => `"${"a".repeat(bytes)}"`,
  (bytes) => "\u20ac".repeat(bytes / 3),
  (bytes) => `"${"\u0001".repeat(bytes)}"`,
  (bytes) => "1".repeat(bytes),
];
/** Just below what heads of requests may have. */
const headBytes = 12 * 1024;
const gzip = { metadata: { "grpc-encoding": "gzip" } };

/** Every text and all bytes of every request, filled up to its limit and beyond; paths, queries and headers, too. */
export function* bigTexts(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const texts = rpc.request ? requestFields(rpc.request).filter(isText) : [];
    const fields: readonly (RequestField | undefined)[] = texts.length === 0 ? [undefined] : texts;
    const message = (field: RequestField | undefined, content: string) => {
      const text = lengthField(field?.field.number ?? 1, content);
      return Buffer.concat([plainMessage(rpc, scene), field ? within(field, text) : text]);
    };
    for (const bytes of textBytes) {
      for (const [index, field] of fields.entries()) {
        const content = contents[index % contents.length] ?? String;
        const make = () => messageCall(rpc, message(field, content(bytes)));
        yield { target: rpc.path, make };
      }
    }
    for (const [index, field] of fields.entries()) {
      const content = contents[index % contents.length] ?? String;
      const make = () => grpcCall(rpc, { ...gzip, body: gzipFrame(message(field, content(textBytes[1]))) });
      yield { target: rpc.path, make };
    }
  }
  yield* overHttp(scene);
}

function* overHttp(scene: Scene): Iterable<AttackStep> {
  const [large] = bodyBytes;
  for (const route of scene.routes) {
    const target = nameOfRoute(route);
    for (const name of Object.keys(route.body ?? {})) {
      for (const bytes of bodyBytes) {
        const text = () => JSON.stringify("a".repeat(bytes));
        yield { target, make: () => httpCall(route, scene, { body: plainBody(route, scene, { [name]: text() }) }) };
      }
      const escaped = () => `"${"\\u0041".repeat(large / 6)}"`;
      yield { target, make: () => httpCall(route, scene, { body: plainBody(route, scene, { [name]: escaped() }) }) };
    }
    const call = () => httpCall(route, scene);
    for (const name of [...route.query, "metadata.a"]) {
      yield { target, make: () => ({ ...call(), path: `${call().path}?${name}=${"a".repeat(headBytes)}` }) };
    }
    yield { target, make: () => ({ ...call(), path: `${call().path}${"%61".repeat(headBytes / 3)}` }) };
    yield { target, make: () => ({ ...call(), headers: { "x-request-id": "a".repeat(headBytes) } }) };
  }
}
