import { DomainError } from "@flovyn/domain";
import type { BusStats } from "./stats.js";

/** Largest request of the published wire: gRPC refuses more. */
export const requestBytesMaxDefault = 16 * 1024 * 1024;
/** A history of 50 MB passes with room to spare; more than this in one answer is a bug. */
export const replyBytesMaxDefault = 256 * 1024 * 1024;
/** The longest deadline in ms, so that it fits a timer and a frame. */
export const timeoutMsMax = 2 ** 31 - 1;

/** Requests that wait for an answer in one process, and requests that run in one replica. More are refused: memory is finite. */
export const openRequestsMax = 65_536;

/** The deadline as it can be kept; what is not a number, zero or less is no time at all. */
export function usableTimeoutMs(timeoutMs: number): number {
  return timeoutMs > 0 ? Math.min(timeoutMs, timeoutMsMax) : 0;
}

export function timedOut(operation: string, timeoutMs: number): DomainError {
  return new DomainError("Timeout", `${operation} got no answer within ${Math.ceil(timeoutMs)} ms`);
}

export function nobodyServes(service: string, operation: string): DomainError {
  return new DomainError("Unavailable", `${operation}: no replica of ${service} is running`);
}

export function busClosed(operation: string): DomainError {
  return new DomainError("Unavailable", `${operation}: this process is shutting down`);
}

export function brokerAway(operation: string): DomainError {
  return new DomainError("Unavailable", `${operation}: the message broker is not connected`);
}

export function replicaLost(service: string, operation: string): DomainError {
  return new DomainError("Unavailable", `${operation}: the replica of ${service} that took the request was lost`);
}

export function tooManyOpen(operation: string): DomainError {
  return new DomainError("LimitExceeded", `${operation}: more than ${openRequestsMax} requests are open`);
}

export function noRoom(operation: string): DomainError {
  return new DomainError("LimitExceeded", `${operation}: too many large payloads are under way at once`);
}

export function chunksStopped(operation: string): DomainError {
  return new DomainError("Unavailable", `${operation}: the parts of a large request stopped coming`);
}

export function requestTooLarge(operation: string, bytes: number, limit: number): DomainError {
  const text = `${operation}: a request of ${bytes} bytes is larger than the limit of ${sizeText(limit)}`;
  return new DomainError("PayloadTooLarge", text, { reason: "REQUEST_TOO_LARGE" });
}

export function replyTooLarge(operation: string, bytes: number, limit: number): DomainError {
  const text = `${operation}: an answer of ${bytes} bytes is larger than the limit of ${sizeText(limit)}`;
  return new DomainError("PayloadTooLarge", text, { reason: "REPLY_TOO_LARGE" });
}

function sizeText(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return Number.isInteger(mebibytes) ? `${bytes} bytes (${mebibytes} MiB)` : `${bytes} bytes`;
}

export function countRequestError(stats: BusStats, error: DomainError): void {
  stats.requestErrors += 1;
  if (error.code === "Unavailable") stats.requestsUnavailable += 1;
  if (error.code === "Timeout") stats.requestsTimedOut += 1;
}
