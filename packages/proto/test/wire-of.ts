/** Describes descriptors in the words of published-wire.json, so that the two can be compared. */
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";

export interface Wire {
  package: string;
  services: { name: string; file: string; rpcs: WireRpc[] }[];
  messages: { name: string; file: string; fields: WireField[] }[];
  enums: { name: string; file: string; values: { name: string; number: number }[] }[];
}

export interface WireRpc {
  name: string;
  kind: string;
  request: string;
  response: string;
}

export interface WireField {
  name: string;
  number: number;
  type: string;
  /** Absent for a plain field and for a member of a oneof. */
  presence?: string;
  oneof?: string;
}

export function wireOf(files: readonly FileDescriptorProto[], packageName: string): Wire {
  const named = files
    .filter((file) => file.package === packageName)
    .map((file) => ({ file, name: file.name.replace(/^.*\//, "") }));
  return {
    package: packageName,
    services: named.flatMap(({ file, name }) =>
      file.service.map((service) => ({ name: service.name, file: name, rpcs: service.method.map(rpcOf) })),
    ),
    messages: named.flatMap(({ file, name }) =>
      file.messageType.flatMap(withNested).map((message) => ({
        name: message.name,
        file: name,
        fields: message.field.map((field) => fieldOf(message, field)),
      })),
    ),
    enums: named.flatMap(({ file, name }) =>
      [...file.enumType, ...file.messageType.flatMap((message) => message.enumType)].map((type) => ({
        name: type.name,
        file: name,
        values: type.value.map((value) => ({ name: value.name, number: value.number })),
      })),
    ),
  };
}

function withNested(message: DescriptorProto): DescriptorProto[] {
  return [message, ...message.nestedType.filter((nested) => !isMapEntry(nested)).flatMap(withNested)];
}

function isMapEntry(message: DescriptorProto): boolean {
  return message.options?.mapEntry === true;
}

function rpcOf(method: FileDescriptorProto["service"][number]["method"][number]): WireRpc {
  return {
    name: method.name,
    kind: streamKind(method.clientStreaming, method.serverStreaming),
    request: shortName(method.inputType),
    response: shortName(method.outputType),
  };
}

function streamKind(client: boolean, server: boolean): string {
  if (client && server) {
    return "bidi-stream";
  }
  if (client) {
    return "client-stream";
  }
  return server ? "server-stream" : "unary";
}

function fieldOf(message: DescriptorProto, field: FieldDescriptorProto): WireField {
  const type = typeOf(message, field);
  const presence = presenceOf(field, type);
  const oneof = oneofOf(message, field);
  return {
    name: field.name,
    number: field.number,
    type,
    ...(presence === undefined ? {} : { presence }),
    ...(oneof === undefined ? {} : { oneof }),
  };
}

function typeOf(message: DescriptorProto, field: FieldDescriptorProto): string {
  const entry = message.nestedType.find(
    (nested) => isMapEntry(nested) && field.typeName.endsWith(`.${message.name}.${nested.name}`),
  );
  if (entry !== undefined) {
    return `map<${entry.field.map((part) => typeOf(entry, part)).join(", ")}>`;
  }
  return field.typeName === "" ? FieldDescriptorProto_Type[field.type].toLowerCase() : shortName(field.typeName);
}

function presenceOf(field: FieldDescriptorProto, type: string): string | undefined {
  if (field.label === FieldDescriptorProto_Label.REPEATED) {
    return type.startsWith("map<") ? undefined : "repeated";
  }
  return field.proto3Optional ? "optional" : undefined;
}

/** NOTE: protobuf stores an optional field as the only member of a oneof that nobody wrote. */
function oneofOf(message: DescriptorProto, field: FieldDescriptorProto): string | undefined {
  const isMember = Object.hasOwn(field, "oneofIndex") && !field.proto3Optional;
  return isMember ? message.oneofDecl[field.oneofIndex]?.name : undefined;
}

function shortName(typeName: string): string {
  return typeName.replace(/^.*\./, "");
}
