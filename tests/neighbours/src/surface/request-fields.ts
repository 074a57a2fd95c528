import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { lengthField } from "../wire/protobuf.js";

/** A field of a request, also of the messages within it. */
export interface RequestField {
  field: DescField;
  /** The fields that lead to it, from the request on. */
  parents: readonly DescField[];
}

/** Every field that a request can carry, each once per way to it. Messages that hold themselves are entered once. */
export function requestFields(message: DescMessage): RequestField[] {
  return fieldsBelow(message, [], [message.typeName]);
}

function fieldsBelow(message: DescMessage, parents: readonly DescField[], seen: readonly string[]): RequestField[] {
  return message.fields.flatMap((field) => {
    const inner = messageOf(field);
    const below =
      inner === undefined || seen.includes(inner.typeName)
        ? []
        : fieldsBelow(inner, [...parents, field], [...seen, inner.typeName]);
    return [{ field, parents }, ...below];
  });
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "message" || (field.fieldKind === "list" && field.listKind === "message")
    ? field.message
    : undefined;
}

/** Whether it may come more than once: a list, or a map, whose entries are a list on the wire. */
export function isRepeated({ field }: RequestField): boolean {
  return field.fieldKind === "list" || field.fieldKind === "map";
}

/** Whether its value is a text or bytes. */
export function isText({ field }: RequestField): boolean {
  if (field.fieldKind === "scalar") return isTextType(field.scalar);
  return field.fieldKind === "list" && field.listKind === "scalar" && isTextType(field.scalar);
}

/** Whether its value is bytes, which hold JSON. */
export function isPayload({ field }: RequestField): boolean {
  return field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES;
}

export function isTextType(type: ScalarType): boolean {
  return type === ScalarType.STRING || type === ScalarType.BYTES;
}

/** Puts encoded fields of the innermost message into the messages around them. */
export function within({ parents }: Pick<RequestField, "parents">, fields: Buffer): Buffer {
  return parents.reduceRight((content, parent) => lengthField(parent.number, content), fields);
}

/** `commands.schedule_task.input`. */
export function pathOf({ field, parents }: RequestField): string {
  return [...parents, field].map(({ name }) => name).join(".");
}
