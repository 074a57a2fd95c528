import { isUtf8 } from "node:buffer";
import { DomainError, invalidField } from "./errors.js";
import { scanJson } from "./json-scan.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/**
 * One payload (input, output, value, result). 64 KiB below 4 MiB, because existing clients receive at most 4 MiB in one
 * message and a payload travels to them inside one.
 */
export const payloadBytesMax = 4 * mebibyte - 64 * kibibyte;
/** Levels of arrays and objects in one payload. Deeper ones are of no use to any client, and some JSON readers recurse. */
export const jsonDepthMax = 10_000;
/** Text of an error or a stack trace. Longer text is cut, not refused: losing the report would be worse. */
export const errorTextMax = 64 * kibibyte;
/** Why somebody cancelled something, in characters. */
export const cancelReasonMax = 500;
export const kindLengthMax = 255;
export const queueLengthMax = 100;
export const keyLengthMax = 255;
export const nameLengthMax = 255;
export const metadataKeysMax = 50;
export const metadataBytesMax = 64 * kibibyte;
export const commandsPerSubmissionMax = 10_000;
export const maxRetriesMax = 10_000;
export const logMessageMax = 64 * kibibyte;
/** Ten years, in ms: the longest deadline or delay. */
export const durationMsMax = 10 * 366 * 24 * 3_600_000;
export const keyTtlSecondsDefault = 86_400;
export const keyTtlSecondsMax = 2_592_000;
/** Head start in seconds that a priority may give, either way. */
export const prioritySecondsMin = -100;
export const prioritySecondsMax = 9000;

export const defaultQueue = "default";

/** Refuses a submission with more commands than one may have. Errors: InvalidInput. */
export function checkCommandCount(count: number): void {
  if (count > commandsPerSubmissionMax) {
    throw invalidField("commands", `must have at most ${commandsPerSubmissionMax}, has ${count}`);
  }
}

/** A definition name: not blank, at most 255 characters, none of them a control character. */
export function parseKind(text: string, field: string): string {
  return parseName(text, field, kindLengthMax);
}

const control = /\p{Cc}/u;

/** What people call something by, and read in lists and logs: not blank, without control characters, bounded in characters. */
export function parseName(text: string, field: string, lengthMax: number = nameLengthMax): string {
  return checkName(parseText(text, field, lengthMax), field, lengthMax);
}

/** The same where the name may be empty. */
export function checkName(text: string, field: string, lengthMax: number = nameLengthMax): string {
  checkLength(text, field, lengthMax);
  const [found] = control.exec(text) ?? [];
  if (found !== undefined) throw invalidField(field, `must not contain control characters, has ${codePoint(found)}`);
  return text;
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const printableAscii = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** A queue name: 1 to 100 printable ASCII characters without blanks at the ends. Empty means `fallback`. */
export function parseQueue(text: string, field: string, fallback: string = defaultQueue): string {
  if (text === "") return fallback;
  checkLength(text, field, queueLengthMax);
  if (!printableAscii.test(text)) {
    throw invalidField(field, "must be printable ASCII without leading or trailing blanks");
  }
  return text;
}

/** Any other non-blank text with an upper bound, in characters. */
export function parseText(text: string, field: string, lengthMax: number): string {
  if (text.trim() === "") throw invalidField(field, "must not be blank");
  return checkLength(text, field, lengthMax);
}

export function checkLength(text: string, field: string, lengthMax: number): string {
  if (text.length > lengthMax) {
    throw invalidField(field, `must have at most ${lengthMax} characters, has ${text.length}`);
  }
  if (text.includes("\0")) throw invalidField(field, "must not contain the NUL character");
  return checkWellFormed(text, field);
}

/** With the flag u whole pairs are characters of their own, and only halves without the other are surrogates. */
const halfOfPair = /\p{Cs}/u;

/**
 * Refuses half of a surrogate pair, which JSON can write and UTF-8 cannot: stored, each becomes the same replacement character,
 * and two keys become one. Errors: InvalidInput.
 */
export function checkWellFormed(text: string, field: string): string {
  if (halfOfPair.test(text)) throw invalidField(field, "must not contain half of a surrogate pair");
  return text;
}

/**
 * Checks the size and the nesting of one payload. Bytes that are not JSON pass, because a call must not fail for them.
 * Errors: PayloadTooLarge with the limit in the text; InvalidInput when it is nested too deep.
 */
export function checkPayload(bytes: Uint8Array, field: string): Uint8Array {
  if (bytes.byteLength > payloadBytesMax) {
    throw new DomainError(
      "PayloadTooLarge",
      `${field}: must have at most ${payloadBytesMax} bytes, has ${bytes.byteLength}`,
      { field },
    );
  }
  checkNesting(bytes, field);
  return bytes;
}

/** Checks how deep JSON text is nested, without building what it means. Errors: InvalidInput with the limit. */
export function checkNesting(text: Uint8Array | string, field: string): void {
  // Each level takes two bytes, so most payloads need no look.
  if (text.length < 2 * jsonDepthMax) return;
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const scan = isUtf8(bytes) ? scanJson(bytes) : undefined;
  if (scan?.isJson && scan.depth > jsonDepthMax) throw nestedTooDeep(field);
}

export function nestedTooDeep(field: string): DomainError {
  return invalidField(field, `must not be nested deeper than ${jsonDepthMax} levels`);
}

export function parseInteger(value: number, field: string, min: number, max: number): number {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw invalidField(field, `must be an integer from ${min} to ${max}`);
  }
  return value;
}

/** Milliseconds of head start for a priority in seconds; positive runs earlier. */
export function parsePriority(seconds: number, field: string): number {
  return parseInteger(seconds, field, prioritySecondsMin, prioritySecondsMax) * 1000;
}

/** Key lifetime in seconds, or the default of 24 h. */
export function parseKeyTtl(seconds: number | undefined, field: string): number {
  if (seconds === undefined) return keyTtlSecondsDefault;
  return parseInteger(seconds, field, 1, keyTtlSecondsMax);
}

/** User key/value pairs as JSON object text. Errors: InvalidInput. */
export function parseMetadata(metadata: Record<string, string>, field: string): string {
  const keys = Object.keys(metadata);
  if (keys.length === 0) return "{}";
  if (keys.length > metadataKeysMax) {
    throw invalidField(field, `must have at most ${metadataKeysMax} keys, has ${keys.length}`);
  }
  const reserved = keys.find((key) => key.startsWith("_flovyn_"));
  if (reserved !== undefined) throw invalidField(field, "keys must not start with _flovyn_");
  const text = JSON.stringify(metadata);
  for (const one of Object.entries(metadata).flat()) {
    if (one.includes("\0")) throw invalidField(field, "must not contain the NUL character");
    checkWellFormed(one, field);
  }
  if (Buffer.byteLength(text) > metadataBytesMax) {
    throw invalidField(field, `must have at most ${metadataBytesMax} bytes`);
  }
  return text;
}

const halfAtEnd = /\p{Cs}$/u;

/** Text for a person that is cut rather than refused. NUL characters, which Postgres text cannot hold, are dropped. */
export function cutText(text: string, lengthMax: number): string {
  const clean = text.includes("\0") ? text.replaceAll("\0", "") : text;
  // A pair of surrogates that the cut would halve is left out whole.
  return clean.length > lengthMax ? clean.slice(0, lengthMax).replace(halfAtEnd, "") : clean;
}

/** True when the bytes are the UTF-8 text of one JSON document. */
export function isJson(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && scanJson(bytes).isJson;
}
