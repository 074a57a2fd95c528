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

/**
 * What callers may read of a request. An RPC of the public protocols is called by its name; what services ask one another
 * has none outside. Texts name neither services nor the broker: which one it was is in the context, for the log.
 */
export function publicName(operation: string): string {
  return operation.startsWith("flovyn.") ? operation : "the request";
}

export function timedOut(operation: string, timeoutMs: number): DomainError {
  const text = `${publicName(operation)} got no answer within ${Math.ceil(timeoutMs)} ms`;
  return new DomainError("Timeout", text, { context: { operation } });
}

export function nobodyServes(service: string, operation: string): DomainError {
  return unavailable("no server that takes it is running", { service, operation });
}

export function busClosed(operation: string): DomainError {
  return unavailable("the server is shutting down", { operation });
}

export function brokerAway(operation: string): DomainError {
  return unavailable("the server has lost a connection that it needs", { operation, lost: "broker" });
}

export function replicaLost(service: string, operation: string): DomainError {
  return unavailable("the server that took it was lost", { service, operation });
}

export function tooManyOpen(operation: string): DomainError {
  return limitExceeded(`more than ${openRequestsMax} requests are open`, operation);
}

export function noRoom(operation: string): DomainError {
  return limitExceeded("too many large payloads are under way at once", operation);
}

export function chunksStopped(operation: string): DomainError {
  return unavailable("the parts of a large request stopped coming", { operation });
}

export function requestTooLarge(operation: string, bytes: number, limit: number): DomainError {
  return tooLarge(`a request of ${bytes} bytes`, "REQUEST_TOO_LARGE", { operation, limit });
}

export function replyTooLarge(operation: string, bytes: number, limit: number): DomainError {
  return tooLarge(`an answer of ${bytes} bytes`, "REPLY_TOO_LARGE", { operation, limit });
}

function unavailable(problem: string, context: { operation: string; service?: string; lost?: string }): DomainError {
  return new DomainError("Unavailable", `${publicName(context.operation)}: ${problem}`, { context });
}

function limitExceeded(problem: string, operation: string): DomainError {
  return new DomainError("LimitExceeded", `${publicName(operation)}: ${problem}`, { context: { operation } });
}

function tooLarge(what: string, reason: string, { operation, limit }: { operation: string; limit: number }) {
  const text = `${publicName(operation)}: ${what} is larger than the limit of ${sizeText(limit)}`;
  return new DomainError("PayloadTooLarge", text, { reason, context: { operation } });
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
