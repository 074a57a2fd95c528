import { types } from "node:util";
import {
  checkLength,
  DomainError,
  durationMsMax,
  keyLengthMax,
  keyTtlSecondsMax,
  maxRetriesMax,
  nameLengthMax,
  parseKind,
  parseMetadata,
  parseName,
  parseQueue,
  parseText,
  prioritySecondsMax,
  prioritySecondsMin,
} from "@flovyn/domain";
import { toMilliseconds } from "../duration.js";
import type { Logger } from "../logger.js";
import { member, safely } from "../thrown/safely.js";
import { shown } from "./shown.js";

/** The server takes no longer version. */
const versionLengthMax = 50;

/** Takes what a caller gave, in the form in which it is used. Errors: RangeError that begins with `field`. */
export type Check<Value> = (value: unknown, field: string) => Value;

export function wrong(field: string, allowed: string, value: unknown): RangeError {
  return new RangeError(`${field}: must be ${allowed}, is ${shown(value)}`);
}

/** The limits of the server, so that a call is refused here that would be refused there. */
function asText(parse: (text: string, field: string) => string): Check<string> {
  return (value, field) => {
    if (typeof value !== "string") throw wrong(field, "text", value);
    return asOption(() => parse(value, field));
  };
}

function asOption<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DomainError) throw new RangeError(error.message, { cause: error });
    throw error;
  }
}

export const kind = asText(parseKind);

/** A definition or its name: gives the name. */
export const definition: Check<string> = (value, field) => {
  const given = typeof value === "string" ? value : member(value, "name");
  if (typeof given !== "string") throw wrong(field, "a definition or the name of one", value);
  return kind(given, field);
};

/** Of signals and workers: not blank, without control characters. */
export const name = asText((text, field) => parseName(text, field));
/** Of promises, operations and children, and ids: not blank. */
export const freeName = notBlank(nameLengthMax);
export const key = notBlank(keyLengthMax);
/** An empty text is the lack of a queue elsewhere, here it is a mistake. */
export const queue = asText((text, field) => parseQueue(parseText(text, field, nameLengthMax), field));
export const version = notBlank(versionLengthMax);

export function notBlank(lengthMax: number): Check<string> {
  return asText((given, field) => parseText(given, field, lengthMax));
}

/** May be empty. */
export function text(lengthMax: number): Check<string> {
  return asText((given, field) => checkLength(given, field, lengthMax));
}

const printableAscii = /^[\x21-\x7e]+$/;

/** A credential. Its refusal does not show it. */
export const credential: Check<string> = (value, field) => {
  if (typeof value === "string" && printableAscii.test(value)) return value;
  throw new RangeError(`${field}: must be printable ASCII without blanks`);
};

export function wholeNumber(min: number, max: number): Check<number> {
  return (value, field) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    throw wrong(field, `a whole number from ${min} to ${max}`, value);
  };
}

export function numberBetween(min: number, max: number): Check<number> {
  return (value, field) => {
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw wrong(field, `a number from ${min} to ${max}`, value);
  };
}

export const progress = numberBetween(0, 1);
export const maxRetries = wholeNumber(0, maxRetriesMax);
export const priority = wholeNumber(prioritySecondsMin, prioritySecondsMax);

export function oneOf<Word extends string>(...words: readonly Word[]): Check<Word> {
  return (value, field) => {
    const word = words.find((one) => one === value);
    if (word === undefined) throw wrong(field, `one of ${words.join(", ")}`, value);
    return word;
  };
}

export const flag: Check<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw wrong(field, "true or false", value);
  return value;
};

/** Milliseconds. 0 means at once wherever it is allowed, and nowhere that there is no limit. */
export const duration: Check<number> = (value, field) => toMilliseconds(value as never, field);

export function durationBetween(minMs: number, maxMs: number): Check<number> {
  return (value, field) => {
    const ms = duration(value, field);
    if (ms < minMs || ms > maxMs) throw new RangeError(`${field}: must be from ${minMs} to ${maxMs} ms, is ${ms} ms`);
    return ms;
  };
}

/** Of a task or a promise, whose end at once would be of no use. */
export const deadline: Check<number> = (value, field) => {
  const ms = duration(value, field);
  if (ms >= 1) return ms;
  throw new RangeError(`${field}: must be from 1 to ${durationMsMax} ms, is ${ms} ms; leave it out for no limit`);
};

/** Whole seconds, parts of one rounded up. */
export const keyTtl: Check<number> = (value, field) => {
  const seconds = Math.ceil(duration(value, field) / 1000);
  if (seconds >= 1 && seconds <= keyTtlSecondsMax) return seconds;
  throw wrong(field, "from 1 s to 30 days", value);
};

/** Milliseconds since 1970. */
export const time: Check<number> = (value, field) => {
  const ms = types.isDate(value) ? Number(value) : value;
  if (typeof ms === "number" && Number.isFinite(ms)) return ms;
  throw wrong(field, "a Date or milliseconds since 1970", value);
};

export const promise: Check<PromiseLike<unknown>> = (value, field) => {
  if (typeof member(value, "then") !== "function") throw wrong(field, "given a promise", value);
  return value as PromiseLike<unknown>;
};

export function listOf<Value>(check: Check<Value>): Check<readonly Value[]> {
  return (value, field) => {
    if (safely(() => Array.isArray(value)) !== true) throw wrong(field, "an array", value);
    return (value as unknown[]).map((element, index) => check(element, `${field}[${index}]`));
  };
}

const anyText = asText((given) => given);

/** Text by key. */
export const metadata: Check<Record<string, string>> = (value, field) => {
  if (value === null || typeof value !== "object") throw wrong(field, "an object whose members are texts", value);
  const given = Object.fromEntries(Object.entries(value).map(([one, held]) => [one, anyText(held, `${field}.${one}`)]));
  asOption(() => parseMetadata(given, field));
  return given;
};

export const functionOption: Check<(...args: never[]) => unknown> = (value, field) => {
  if (typeof value !== "function") throw wrong(field, "a function", value);
  return value as (...args: never[]) => unknown;
};

const levels = ["debug", "info", "warn", "error"];

export const logger: Check<Logger> = (value, field) => {
  if (levels.every((level) => typeof member(value, level) === "function")) return value as Logger;
  throw wrong(field, "an object with the methods debug, info, warn and error", value);
};
