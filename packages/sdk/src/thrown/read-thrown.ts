import { types } from "node:util";
import { cutText, errorTextMax } from "@flovyn/domain";
import { isInstance, member, safely } from "./safely.js";
import { valueText } from "./value-text.js";

/** What user code threw, in texts that can travel. */
export interface Thrown {
  /** Of an error, for example `TypeError`; undefined for what is no error. */
  readonly name: string | undefined;
  /** Never empty, at most 64 KiB of characters: the message, the code, the errors of an AggregateError, and the causes. */
  readonly text: string;
  /** Of an error, else empty. */
  readonly stack: string;
}

const nameLengthMax = 255;
const messageLengthMax = 16_384;
const stackLengthMax = 16_384;
/** Errors in one text, however they hang together. */
const errorsMax = 32;
/** Errors of one AggregateError. */
const siblingsMax = 8;

/**
 * Reads anything that was thrown: errors with members that are no texts, values without a prototype, getters that throw and
 * revoked proxies included. Never throws, and is the only reader of what user code threw.
 */
export function readThrown(thrown: unknown): Thrown {
  const text = printable(new Chain().textOf(thrown), errorTextMax);
  return {
    name: isError(thrown) ? nameOf(thrown) : undefined,
    text: text.trim() === "" ? "an empty text was thrown" : text,
    stack: isError(thrown) ? stackOf(thrown) : "",
  };
}

/** Errors of other realms count too. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || isInstance(value, Error);
}

/** One error and those that led to it, each once. */
class Chain {
  readonly #seen = new Set<unknown>();

  textOf(thrown: unknown): string {
    let text = this.#one(thrown);
    for (let cause = causeOf(thrown); cause !== undefined && this.#mayAdd(cause); cause = causeOf(cause)) {
      const own = this.#one(cause);
      // Errors that wrap others often repeat their text.
      if (!text.includes(own)) text += `; cause: ${named(cause, own)}`;
    }
    return text;
  }

  #mayAdd(error: unknown): boolean {
    return this.#seen.size < errorsMax && !this.#seen.has(error);
  }

  /** An error without its causes: `message (code) [error; error]`. */
  #one(thrown: unknown): string {
    this.#seen.add(thrown);
    if (!isError(thrown)) return cutText(valueText(thrown), messageLengthMax);
    const message = cutText(messageOf(thrown), messageLengthMax);
    return message + codeText(thrown, message) + this.#siblings(thrown);
  }

  #siblings(error: Error): string {
    const errors = member(error, "errors");
    if (safely(() => Array.isArray(errors)) !== true) return "";
    const length = member(errors, "length");
    const count = typeof length === "number" ? length : 0;
    const texts: string[] = [];
    for (let index = 0; index < Math.min(count, siblingsMax); index++) {
      const sibling = member(errors, index);
      if (this.#mayAdd(sibling)) texts.push(named(sibling, this.textOf(sibling)));
    }
    if (count > texts.length) texts.push(`${count - texts.length} more`);
    return texts.length === 0 ? "" : ` [${texts.join("; ")}]`;
  }
}

function causeOf(thrown: unknown): unknown {
  return isError(thrown) ? (member(thrown, "cause") ?? undefined) : undefined;
}

/** A type that says more than that it is an error comes first, unless it is the whole text. */
function named(error: unknown, text: string): string {
  if (!isError(error)) return text;
  const name = nameOf(error);
  return name === "Error" || text.startsWith(name) ? text : `${name}: ${text}`;
}

function nameOf(error: Error): string {
  const name = member(error, "name");
  return typeof name === "string" && name.trim() !== "" ? printable(name, nameLengthMax) : "Error";
}

function messageOf(error: Error): string {
  const message = member(error, "message");
  if (message === undefined || message === "") return nameOf(error);
  return valueText(message);
}

/** For example `ECONNREFUSED` of a failed system call. */
function codeText(error: Error, message: string): string {
  const code = member(error, "code");
  if (typeof code !== "string" && typeof code !== "number") return "";
  const text = cutText(String(code), nameLengthMax);
  return text === "" || message.includes(text) ? "" : ` (${text})`;
}

function stackOf(error: Error): string {
  const stack = member(error, "stack");
  return typeof stack === "string" ? printable(stack, stackLengthMax) : "";
}

const halfOfPair = /\p{Cs}/gu;

/** Halves of surrogate pairs have no form in UTF-8. */
function printable(text: string, lengthMax: number): string {
  return cutText(text, lengthMax).replace(halfOfPair, "\ufffd");
}
