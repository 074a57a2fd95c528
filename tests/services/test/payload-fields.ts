import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { extensionRpcs, fileDescriptorSet, publishedRpcs } from "@flovyn/proto/descriptors";

/** A place in the request of an RPC where callers may put JSON. */
export interface PayloadField {
  /** `flovyn.v1.TaskExecution/CompleteTask` */
  operation: string;
  /** As refusals name it: `commands[0].set_state.value`. */
  name: string;
  path: readonly DescField[];
  request: DescMessage;
}

/** Texts that hold JSON; every field of bytes does. */
const jsonTexts = ["payload", "retry_policy"];

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()));

/** Every payload field of every public RPC, as the descriptors tell. */
export const payloadFields: readonly PayloadField[] = [...publishedRpcs, ...extensionRpcs].flatMap(
  ({ operation, service, name }) => {
    const request = registry.getService(service)?.methods.find((method) => method.name === name)?.input;
    if (request === undefined) throw new Error(`${operation} has no descriptor`);
    return pathsOf(request).map((path) => ({ operation, name: path.map(toName).join("."), path, request }));
  },
);

function pathsOf(message: DescMessage): DescField[][] {
  return message.fields.flatMap((field) => {
    if (field.message !== undefined) return pathsOf(field.message).map((path) => [field, ...path]);
    const isBytes = field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES;
    const isText = field.fieldKind === "scalar" && field.scalar === ScalarType.STRING && jsonTexts.includes(field.name);
    return isBytes || isText ? [[field]] : [];
  });
}

function toName(field: DescField): string {
  return field.fieldKind === "list" ? `${field.name}[0]` : field.name;
}

/**
 * The bytes of a request that is right except for the payload in one field. `texts` are the values of plain text fields by
 * name, `text` that of the others.
 */
export function requestWith(
  { request, path }: PayloadField,
  payload: string,
  values: { texts: Readonly<Record<string, string>>; text: string },
): Uint8Array {
  return toBinary(request, create(request, fieldsOf(request, path, payload, values)));
}

function fieldsOf(
  message: DescMessage,
  path: readonly DescField[],
  payload: string,
  values: { texts: Readonly<Record<string, string>>; text: string },
): Record<string, unknown> {
  const [next, ...rest] = path;
  const value: Record<string, unknown> = {};
  for (const field of message.fields) {
    if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING && field.oneof === undefined) {
      value[field.localName] = values.texts[field.name] ?? values.text;
    }
    // A command says by its type which member of the oneof counts; other enums take their last value.
    if (field.fieldKind === "enum") {
      const named = field.enum.values.find(({ name }) => name === next?.name.toUpperCase());
      value[field.localName] = (named ?? field.enum.values.at(-1))?.number;
    }
  }
  if (next === undefined) return value;
  const inner = next.message ? fieldsOf(next.message, rest, payload, values) : payload;
  const whole = next.message === undefined && next.scalar === ScalarType.BYTES ? Buffer.from(payload) : inner;
  const placed = next.fieldKind === "list" ? [whole] : whole;
  if (next.oneof === undefined) value[next.localName] = placed;
  else value[next.oneof.localName] = { case: next.localName, value: placed };
  return value;
}
