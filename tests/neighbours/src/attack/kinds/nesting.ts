import { isText, requestFields, within } from "../../surface/request-fields.js";
import { groupType, lengthField, repeatedBytes, tag } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { grpcCall, httpCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";
import { bodyBytes, requestBytes } from "./sizes.js";

/** Nested deeper than any parser that calls itself can go; closed and not, in arrays and in objects. */
const nested: readonly ((bytes: number) => string)[] = [
  (bytes) => "[".repeat(bytes),
  (bytes) => "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
  (bytes) => `${'{"a":'.repeat(bytes / 6)}1${"}".repeat(bytes / 6)}`,
  (bytes) => `${'[{"":'.repeat(bytes / 7)}1${"}]".repeat(bytes / 7)}`,
];
const unknownField = 15_000;

/** JSON within JSON in every text and payload of every request and body, and groups within groups in every message. */
export function* nesting(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const group = tag(unknownField, groupType);
    for (const bytes of requestBytes) {
      const message = () => Buffer.concat([plainMessage(rpc, scene), repeatedBytes(group, bytes)]);
      yield { target: rpc.path, make: () => grpcCall(rpc, message()) };
    }
    for (const [index, field] of (rpc.request ? requestFields(rpc.request).filter(isText) : []).entries()) {
      for (const [turn, bytes] of requestBytes.entries()) {
        const make = () => {
          const json = nested[(index + turn) % nested.length]?.(bytes) ?? "";
          const fields = within(field, lengthField(field.field.number, json));
          return grpcCall(rpc, Buffer.concat([plainMessage(rpc, scene), fields]));
        };
        yield { target: rpc.path, make };
      }
    }
  }
  const [large] = bodyBytes;
  for (const route of scene.routes) {
    if (route.body === undefined) continue;
    for (const json of nested) {
      const target = nameOfRoute(route);
      yield { target, make: () => httpCall(route, scene, { body: Buffer.from(json(large)) }) };
      for (const name of Object.keys(route.body)) {
        const body = () => plainBody(route, scene, { [name]: json(large) });
        yield { target, make: () => httpCall(route, scene, { body: body() }) };
      }
    }
  }
}
