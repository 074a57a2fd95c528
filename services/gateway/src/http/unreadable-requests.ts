import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { newId } from "@flovyn/domain";
import { type Logger, problemContentType } from "@flovyn/runtime";
import { headerBytesMax, httpLingerMs } from "../limits.js";
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

const internal: HttpProblemParts = {
  name: "internal",
  title: "Internal",
  status: 500,
  code: "Internal",
  detail: "internal error",
};

/** To CONNECT. */
const noTunnels: HttpProblemParts = {
  name: "unimplemented",
  title: "Unimplemented",
  status: 501,
  code: "Unimplemented",
  detail: "CONNECT is not implemented: this server is no proxy",
};

/** Headers of every such answer. */
const headers: readonly (readonly [string, string])[] = [
  ["content-type", problemContentType],
  ["cache-control", "no-store"],
  ["x-content-type-options", "nosniff"],
  ["connection", "close"],
];

/** What Node.js keeps with the connection of a server: the answer whose turn it is. */
type ServedSocket = Duplex & { _httpMessage?: (ServerResponse & { req?: IncomingMessage }) | null };

/** Answers requests that Node.js cannot read, or that ask for what is not there, with a problem, and closes. */
export function answerUnreadable(server: Server): void {
  const ending = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: ServedSocket) => {
    // Whatever follows is no request either.
    if (ending.has(socket)) return;
    ending.add(socket);
    const known = byCode[error.code ?? ""] ?? (error.code?.startsWith("HPE_") ? badRequest : undefined);
    // Nothing can be said on a connection that is gone, or has no TLS yet.
    if (known === undefined) socket.destroy();
    else answerInTurn(socket, known);
  });
  server.on("connect", (_request: IncomingMessage, socket: ServedSocket) => {
    socket.on("error", () => {});
    answerInTurn(socket, noTunnels);
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

/**
 * Answers what the library that makes requests of what Node.js has read ends with: a URL or host that is none, or a fault
 * that no route has answered, which is logged.
 */
export function answerStray(log: Logger): (error: unknown) => Response {
  return (error) => {
    const requestId = newId();
    const isRequest = error instanceof Error && error.name === "RequestError";
    if (!isRequest) log.error({ err: error, requestId }, "a request failed unexpectedly");
    const problem = isRequest ? { ...badRequest, detail: "the request target or the host is not one" } : internal;
    const more: [string, string][] = [["x-request-id", requestId]];
    return new Response(httpProblemText(problem, requestId), {
      status: problem.status,
      headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...more],
    });
  };
}

/** Answers when all requests before are answered: the answer would be taken for that of one of them. */
function answerInTurn(socket: ServedSocket, problem: HttpProblemParts): void {
  const before = socket._httpMessage;
  if (before == null || (before.req?.complete === false && !before.headersSent)) endWith(socket, answerText(problem));
  // One that goes on for as long as it likes, or is the beginning of the answer to this very request.
  else if (before.headersSent && (!before.writableEnded || before.req?.complete === false)) socket.destroy();
  else before.once("close", () => answerInTurn(socket, problem));
}

/** Closes when the other end has, which has read it by then, or after a while. What arrives meanwhile is thrown away. */
function endWith(socket: Duplex, text: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const late = setTimeout(() => socket.destroy(), httpLingerMs);
  late.unref();
  socket.once("close", () => clearTimeout(late));
  socket.end(text);
  socket.resume();
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
