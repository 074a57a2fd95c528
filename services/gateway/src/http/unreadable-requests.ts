import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { newId } from "@flovyn/domain";
import { problemContentType } from "@flovyn/runtime";
import { headerBytesMax } from "../limits.js";
import { type HttpProblemParts, httpProblemText } from "./problem-text.js";

/** What cannot be read as a request never reaches the routes: these answers are made from what Node.js says of it. */

const badRequest: HttpProblemParts = {
  name: "bad-request",
  title: "Bad request",
  status: 400,
  code: "BadRequest",
  detail: "this is not a request of HTTP/1.1",
};

const byCode: Readonly<Record<string, HttpProblemParts>> = {
  HPE_HEADER_OVERFLOW: {
    name: "request-header-fields-too-large",
    title: "Request header fields too large",
    status: 431,
    code: "HeadersTooLarge",
    detail: `the request line and the headers may have ${headerBytesMax} bytes together`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    name: "content-too-large",
    title: "Content too large",
    status: 413,
    code: "ContentTooLarge",
    detail: "the extensions of the chunks of the body are too long",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    name: "request-timeout",
    title: "Request timeout",
    status: 408,
    code: "RequestTimeout",
    detail: "the request was not sent in time",
  },
};

/** Headers of every such answer. */
const headers: readonly (readonly [string, string])[] = [
  ["content-type", problemContentType],
  ["cache-control", "no-store"],
  ["x-content-type-options", "nosniff"],
  ["connection", "close"],
];

/** Answers requests that Node.js cannot read, or whose `Expect` it does not know, with a problem, and closes. */
export function answerUnreadable(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex & { _httpMessage?: ServerResponse }) => {
    const known = byCode[error.code ?? ""] ?? (error.code?.startsWith("HPE_") ? badRequest : undefined);
    // Nothing can be said on a connection that is gone, has no TLS yet, or has begun to answer.
    if (known === undefined || !socket.writable || socket._httpMessage?.headersSent === true) socket.destroy();
    else socket.end(answerText(known), () => socket.destroy());
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const requestId = newId();
    const detail = "expect: only 100-continue is understood";
    const problem = { name: "expectation-failed", title: "Expectation failed", status: 417, code: "ExpectationFailed" };
    const body = httpProblemText({ ...problem, detail, field: "expect" }, requestId);
    const more = ["x-request-id", requestId, "content-length", String(Buffer.byteLength(body))];
    response.writeHead(417, [...headers.flat(), ...more]);
    response.end(body);
    request.resume();
  });
}

/** A request whose URL or host is none: a problem for the library that makes requests of what Node.js has read. */
export function unreadableUrl(error: unknown): Response {
  const requestId = newId();
  const isRequest = error instanceof Error && error.name === "RequestError";
  const problem = isRequest
    ? { ...badRequest, detail: "the request target or the host is not one" }
    : { name: "internal", title: "Internal error", status: 500, code: "Internal", detail: "an unexpected error" };
  const more: [string, string][] = [["x-request-id", requestId]];
  return new Response(httpProblemText(problem, requestId), {
    status: problem.status,
    headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...more],
  });
}

function answerText(problem: HttpProblemParts): string {
  const requestId = newId();
  const body = httpProblemText(problem, requestId);
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
