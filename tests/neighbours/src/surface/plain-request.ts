import { randomUUID } from "node:crypto";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { lengthField, numberField } from "../wire/protobuf.js";
import type { Foothold } from "./foothold.js";
import { isTextType } from "./request-fields.js";

/** How long a call may be held for that can be held. */
const holdSeconds = 60;

export interface PlainRequestOptions {
  foothold: Foothold;
  /** Ends what it names, so it must name nothing that later calls need. */
  ends: boolean;
  /** Values of texts by the name of their field, in place of the usual ones. */
  texts?: Readonly<Record<string, string>>;
}

/** RPCs and routes that would end the executions of the foothold. */
export function endsWhatItNames(name: string): boolean {
  return /cancel|complete|fail|resolve|reject|delete/i.test(name);
}

/** A message that gets past the first checks: every field has a value that could be meant, as far as it has to have one. */
export function plainRequest(message: DescMessage, options: PlainRequestOptions): Buffer {
  return Buffer.concat([
    ...message.fields.filter(isWanted).map((field) => plainField(field, options)),
    ...message.oneofs.flatMap(({ fields: [first] }) => (first ? [plainField(first, options)] : [])),
  ]);
}

/** Optional fields stay away, as do lists: what an attack is about, it adds itself. */
function isWanted(field: DescField): boolean {
  if (field.oneof !== undefined) return false;
  return (field.fieldKind === "scalar" || field.fieldKind === "enum") && !field.proto.proto3Optional;
}

function plainField(field: DescField, options: PlainRequestOptions): Buffer {
  const { number, name } = field;
  // The first status of a submission stays with a worker, and no worker is there.
  if (field.fieldKind === "enum") return numberField(number, name === "status" ? 2 : 1);
  if (field.fieldKind === "message") return lengthField(number, plainRequest(field.message, options));
  if (field.fieldKind !== "scalar") return Buffer.alloc(0);
  if (field.scalar === ScalarType.BYTES) return lengthField(number, "1");
  if (isTextType(field.scalar)) return lengthField(number, options.texts?.[name] ?? plainText(name, options));
  if (name === "timeout_seconds") return numberField(number, holdSeconds);
  if (name === "hold_ms") return numberField(number, holdSeconds * 1000);
  return Buffer.alloc(0);
}

/** By the name of its field or parameter, in either spelling. */
export function plainText(name: string, { foothold, ends }: PlainRequestOptions): string {
  const plain = name.replaceAll("_", "").toLowerCase();
  if (plain === "orgid") return foothold.orgId;
  if (plain === "slug") return foothold.slug;
  if (plain === "workflowexecutionid") return ends ? randomUUID() : foothold.workflowId;
  if (plain === "taskexecutionid") return ends ? randomUUID() : foothold.taskId;
  if (plain.endsWith("id")) return randomUUID();
  if (plain === "queue") return "attacked";
  if (plain === "workertype") return "UNIFIED";
  if (plain === "level") return "INFO";
  if (plain === "payload") return "1";
  return "attack";
}
