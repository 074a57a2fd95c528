import { isPayload, isText, type RequestField, requestFields, within } from "../../surface/request-fields.js";
import { groupType, lengthField, repeatedBytes, tag } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { httpCall, messageCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";
import { bodyBytes, requestBytes, textBytes } from "./sizes.js";

/** Nested deeper than any parser that calls itself can go; closed and not, in arrays and in objects. */
const nested: readonly ((bytes: number) => string)[] = [
  (bytes) => "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
  (bytes) => `${'{"a":'.repeat(bytes / 6)}1${"}".repeat(bytes / 6)}`,
  (bytes) => `${'[{"":'.repeat(bytes / 7)}1${"}]".repeat(bytes / 7)}`,
  (bytes) => "[".repeat(bytes),
];
const unknownField = 15_000;

/** JSON within JSON in every text and payload of every request and body, and groups within groups in every message. */
export function* nesting(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const target = rpc.path;
    const call = (attack: Buffer) => messageCall(rpc, Buffer.concat([plainMessage(rpc, scene), attack]));
    const fields = (rpc.request ? requestFields(rpc.request).filter(isText) : []).toSorted(payloadsFirst);
    for (const bytes of textBytes) {
      for (const [index, field] of fields.entries()) {
        const json = nested[index % nested.length] ?? String;
        const make = () => call(within(field, lengthField(field.field.number, json(bytes))));
        yield { target, make };
      }
    }
    const group = tag(unknownField, groupType);
    for (const bytes of requestBytes) yield { target, make: () => call(repeatedBytes(group, bytes)) };
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

function payloadsFirst(a: RequestField, b: RequestField): number {
  return Number(isPayload(b)) - Number(isPayload(a));
}
