/** What the descriptors say of messages, in the form that a walk over wire bytes looks up. */
import { fromBinary } from "@bufbuild/protobuf";
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../descriptors.js";

/** One message type. */
export interface MessageShape {
  /** Full name: `flovyn.v1.PollRequest`. */
  readonly name: string;
  /** By field number. */
  readonly fields: ReadonlyMap<number, FieldShape>;
}

/** One field of a message type. */
export interface FieldShape {
  readonly number: number;
  /** As in the .proto file: `workflow_kind`. */
  readonly name: string;
  /** As in decoded messages: `workflowKind`. */
  readonly property: string;
  readonly type: "text" | "bytes" | "message" | "scalar";
  /** Of one value; the elements of a packed field have none of their own. */
  readonly wireType: 0 | 1 | 2 | 5;
  readonly repeated: boolean;
  /** Whether its elements may come in one run of bytes. */
  readonly packable: boolean;
  /** A map is a repeated message of `key` and `value`. */
  readonly map: boolean;
  /** Index of the oneof it is a member of; members of one take each other's place. */
  readonly oneof: number | undefined;
  /** Whether a decoded message tells an empty value from an absent one. */
  readonly presence: boolean;
  /** Of a field that holds messages. */
  readonly message: MessageShape | undefined;
}

export interface Shapes {
  /** Throws for a type that is not described. */
  message(name: string): MessageShape;
  /** Throws for an RPC that is not described. */
  request(operation: string): MessageShape;
}

/** The shapes of the messages in files, each made when it is first asked for. */
export function shapesOf(files: readonly FileDescriptorProto[]): Shapes {
  const described = new Map<string, DescriptorProto>();
  const requests = new Map<string, string>();
  for (const file of files) {
    const scope = `.${file.package}`;
    for (const type of file.messageType) addType(described, scope, type);
    for (const { name, method } of file.service) {
      for (const rpc of method) requests.set(`${scope.slice(1)}.${name}/${rpc.name}`, rpc.inputType.slice(1));
    }
  }
  const known = new Map<string, MessageShape>();
  const message = (name: string): MessageShape => {
    const made = known.get(name);
    if (made !== undefined) return made;
    const type = described.get(`.${name}`);
    if (type === undefined) throw new Error(`the descriptors hold no message ${name}`);
    const fields = new Map<number, FieldShape>();
    const shape = { name, fields };
    // Before its fields: a message may hold itself.
    known.set(name, shape);
    for (const field of type.field) fields.set(field.number, fieldShape(type, field, message));
    return shape;
  };
  const request = (operation: string): MessageShape => {
    const name = requests.get(operation);
    if (name === undefined) throw new Error(`the descriptors hold no RPC ${operation}`);
    return message(name);
  };
  return { message, request };
}

let published: Shapes | undefined;

/** The shape of a message type of flovyn.v1 or flovyn.ext.v1. The descriptors are read at the first call. */
export function messageShape(name: string): MessageShape {
  return publishedShapes().message(name);
}

/** The shape of what an RPC of flovyn.v1 or flovyn.ext.v1 takes, by its operation: `flovyn.v1.WorkerLifecycle/SendHeartbeat`. */
export function requestShape(operation: string): MessageShape {
  return publishedShapes().request(operation);
}

function publishedShapes(): Shapes {
  published ??= shapesOf(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()).file);
  return published;
}

function addType(described: Map<string, DescriptorProto>, scope: string, type: DescriptorProto): void {
  const name = `${scope}.${type.name}`;
  described.set(name, type);
  for (const nested of type.nestedType) addType(described, name, nested);
}

function fieldShape(
  owner: DescriptorProto,
  field: FieldDescriptorProto,
  message: (name: string) => MessageShape,
): FieldShape {
  const holdsMessages = field.type === Type.MESSAGE;
  const type = typeOf(field.type);
  const repeated = field.label === Label.REPEATED;
  const isMember = Object.hasOwn(field, "oneofIndex");
  return {
    number: field.number,
    name: field.name,
    property: field.jsonName,
    type,
    wireType: wireTypeOf(field.type),
    repeated,
    packable: repeated && type === "scalar",
    map: holdsMessages && owner.nestedType.some((entry) => isMapEntry(entry) && endsWith(field.typeName, owner, entry)),
    // protobuf keeps an optional field as the only member of a oneof that the .proto file does not show.
    oneof: isMember && !field.proto3Optional ? field.oneofIndex : undefined,
    presence: !repeated && (holdsMessages || isMember),
    message: holdsMessages ? message(field.typeName.slice(1)) : undefined,
  };
}

function isMapEntry(type: DescriptorProto): boolean {
  return type.options?.mapEntry === true;
}

function endsWith(typeName: string, owner: DescriptorProto, entry: DescriptorProto): boolean {
  return typeName.endsWith(`.${owner.name}.${entry.name}`);
}

function typeOf(type: Type): FieldShape["type"] {
  if (type === Type.STRING) return "text";
  if (type === Type.BYTES) return "bytes";
  if (type === Type.GROUP) throw new Error("groups are no part of proto3");
  return type === Type.MESSAGE ? "message" : "scalar";
}

function wireTypeOf(type: Type): FieldShape["wireType"] {
  switch (type) {
    case Type.STRING:
    case Type.BYTES:
    case Type.MESSAGE:
      return 2;
    case Type.DOUBLE:
    case Type.FIXED64:
    case Type.SFIXED64:
      return 1;
    case Type.FLOAT:
    case Type.FIXED32:
    case Type.SFIXED32:
      return 5;
    default:
      return 0;
  }
}
