import { randomFillSync } from "node:crypto";

/** Random bytes are drawn for many contexts at once: a system call for each is 11 µs. */
const pool = Buffer.allocUnsafe(24 * 128);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}

/** A new W3C trace context, sampled: version 00, random trace and span. */
export function newTraceparent(): string {
  const bytes = randomHex(24);
  return `00-${bytes.slice(0, 32)}-${bytes.slice(32)}-01`;
}

const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The given trace context when it is well-formed, else empty: a bad one is not worth refusing a call. */
export function parseTraceparent(text: string): string {
  const match = traceparentForm.exec(text);
  if (match === null) return "";
  const [, version, trace = "", span = ""] = match;
  return version === "ff" || /^0+$/.test(trace) || /^0+$/.test(span) ? "" : text;
}

/** A new span in the trace of the given context; a new trace when that is empty or malformed. */
export function childOf(traceparent: string): string {
  const match = traceparentForm.exec(parseTraceparent(traceparent));
  if (match === null) return newTraceparent();
  const [, , trace, , flags] = match;
  return `00-${trace}-${randomHex(8)}-${flags}`;
}
