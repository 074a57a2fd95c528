import { invalidField } from "@flovyn/domain";
import { parseTraceparent } from "@flovyn/runtime";
import type { Metadata } from "@grpc/grpc-js";
import { leaseMsMax, leaseMsMin, pollHoldMsMax } from "../limits.js";

/** What callers may say beside the message. Errors of all readers: InvalidInput naming the metadata key. */

export function readText(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key)[0];
  return typeof value === "string" ? value : undefined;
}

/** The claim under which a worker reports; undefined when it sent none. */
export function readClaimEpoch(metadata: Metadata): number | undefined {
  return readInteger(metadata, "flovyn-claim-epoch", 0, Number.MAX_SAFE_INTEGER);
}

/** For how long an empty poll may be held; undefined when the caller did not opt in. */
export function readPollHoldMs(metadata: Metadata): number | undefined {
  const holdMs = readInteger(metadata, "flovyn-poll-hold-ms", 0, Number.MAX_SAFE_INTEGER);
  return holdMs === undefined ? undefined : Math.min(holdMs, pollHoldMsMax);
}

/** The lease a poller asks for; 0 when it leaves that to the service. */
export function readLeaseMs(metadata: Metadata): number {
  return readInteger(metadata, "flovyn-lease-ms", leaseMsMin, leaseMsMax) ?? 0;
}

/** Whether a notification stream is the sign of life of its worker. */
export function readWorkerSession(metadata: Metadata): boolean {
  const value = readText(metadata, "flovyn-worker-session");
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  throw invalidField("flovyn-worker-session", "must be true or false");
}

/** The W3C trace context, empty when there is none or a malformed one. */
export function readTraceparent(metadata: Metadata): string {
  const value = readText(metadata, "traceparent");
  return value === undefined ? "" : parseTraceparent(value);
}

function readInteger(metadata: Metadata, key: string, min: number, max: number): number | undefined {
  const text = readText(metadata, key);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw invalidField(
      key,
      max === Number.MAX_SAFE_INTEGER ? "must be a number from 0" : `must be from ${min} to ${max}`,
    );
  }
  return value;
}
