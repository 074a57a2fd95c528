import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { DomainError } from "@flovyn/domain";
import type { Server } from "@grpc/grpc-js";
import { headerRepeated, repeatedHeader } from "../connections/repeated-headers.js";

const refused = new WeakMap<ServerHttp2Stream, DomainError>();

/**
 * Looks at the head of each call of a server as it arrived: metadata have the first `authorization` alone, because Node.js
 * drops the others, and grpc-js takes any method and of a timeout what it understands. It has no call for that. To be called
 * before the server gets its first connection. Errors: Error when the library has changed.
 */
export function watchHeads(server: Server): void {
  const { http2Servers } = server as unknown as { http2Servers?: ReadonlyMap<Http2Server, unknown> };
  const [listener, ...more] = http2Servers?.keys() ?? [];
  if (listener === undefined || more.length > 0) throw new Error("the HTTP/2 server of grpc-js was not found");
  // The types leave out the last parameter.
  listener.prependListener("stream", (...[stream, headers, , rawHeaders]: StreamOpened) => {
    const error = headError(headers, rawHeaders ?? []);
    if (error !== undefined) refused.set(stream, error);
    else shortenTimeout(headers);
  });
}

type StreamOpened = [ServerHttp2Stream, IncomingHttpHeaders, number, string[]?];

/** What a call ends with because of its head. */
export function refusedHead(stream: ServerHttp2Stream | undefined): DomainError | undefined {
  return stream === undefined ? undefined : refused.get(stream);
}

/** The longest that timers take, 24 days. In ms. */
const timerMsMax = 2 ** 31 - 1;
const longestTimeout = `${Math.floor(timerMsMax / 1000)}S`;
const timeoutForm = /^\d{1,8}[HMSmun]$/;

/** Errors of the protocol are INTERNAL, which is what libraries of gRPC answer to them. */
function headError(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): DomainError | undefined {
  const repeated = repeatedHeader(rawHeaders);
  if (repeated !== undefined) return headerRepeated(repeated);
  if (headers[":method"] !== "POST") return malformed(":method", "must be POST");
  const timeout = headers["grpc-timeout"];
  if (timeout === undefined || timeoutForm.test(String(timeout))) return undefined;
  return malformed("grpc-timeout", "must be 1 to 8 digits and one of H, M, S, m, u, n");
}

function malformed(field: string, problem: string): DomainError {
  return new DomainError("Internal", `${field}: ${problem}`, { field, reason: "MALFORMED_CALL" });
}

/** grpc-js counts on beyond what timers take, where a long timeout becomes a short one, or none that is left. */
function shortenTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers["grpc-timeout"];
  if (typeof timeout !== "string") return;
  const unitMs = longUnits.get(timeout.charCodeAt(timeout.length - 1));
  if (unitMs !== undefined && Number.parseInt(timeout, 10) * unitMs > timerMsMax) {
    headers["grpc-timeout"] = longestTimeout;
  }
}

/** In ms, of those in which eight digits may be too long. */
const longUnits: ReadonlyMap<number, number> = new Map([
  ["H".charCodeAt(0), 3_600_000],
  ["M".charCodeAt(0), 60_000],
  ["S".charCodeAt(0), 1000],
]);
