import { isRepeated, type RequestField, requestFields, within } from "../../surface/request-fields.js";
import { frame, gzipFrame } from "../../wire/grpc-frame.js";
import { lengthField, lengthType, repeatedBytes, tag, varintType } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { grpcCall, httpCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";
import { bodyBytes, requestBytes, unpackedBytes } from "./sizes.js";

/** No message has a field of this number. */
const unknownField = 15_000;
const gzip = { metadata: { "grpc-encoding": "gzip" } };

/**
 * Millions of elements that cost two bytes each: in every repeated field of every request, in a field that no request
 * has, plain and compressed; over HTTP, in every member of every body.
 */
export function* repeatedFields(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const target = rpc.path;
    const fills = [
      ...(rpc.request ? requestFields(rpc.request) : [])
        .filter(isRepeated)
        .map((field) => (bytes: number) => within(field, emptyElements(field, bytes))),
      (bytes: number) => repeatedBytes(Buffer.concat([tag(unknownField, varintType), Buffer.alloc(1)]), bytes),
    ];
    const message = (fill: (bytes: number) => Buffer, bytes: number) =>
      Buffer.concat([plainMessage(rpc, scene), fill(bytes)]);
    for (const bytes of unpackedBytes) {
      for (const fill of fills) {
        yield { target, make: () => grpcCall(rpc, { ...gzip, body: gzipFrame(message(fill, bytes)) }) };
      }
    }
    for (const bytes of requestBytes) {
      for (const fill of fills) yield { target, make: () => grpcCall(rpc, { body: frame(message(fill, bytes)) }) };
    }
  }
  for (const route of scene.routes) {
    for (const name of Object.keys(route.body ?? {})) {
      for (const [element, ends] of [
        ["{},", "[]"],
        ['"":0,', "{}"],
      ] as const) {
        for (const bytes of bodyBytes) {
          const make = () => {
            const many = repeatedBytes(Buffer.from(element), bytes).toString().slice(0, -1);
            return httpCall(route, scene, { body: plainBody(route, scene, { [name]: `${ends[0]}${many}${ends[1]}` }) });
          };
          yield { target: nameOfRoute(route), make };
        }
      }
    }
  }
}

function emptyElements({ field }: RequestField, bytes: number): Buffer {
  const isNumber = field.fieldKind === "list" && field.listKind === "enum";
  if (isNumber) return lengthField(field.number, Buffer.alloc(bytes));
  return repeatedBytes(Buffer.concat([tag(field.number, lengthType), Buffer.alloc(1)]), bytes);
}
