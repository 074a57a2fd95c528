import type { Http2Server, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { repeatedHeader } from "../connections/repeated-headers.js";

const repeated = new WeakMap<ServerHttp2Stream, string>();

/**
 * Looks at the headers of each call of a server as they arrived: metadata have the first `authorization` alone, because
 * Node.js drops the others. grpc-js has no call for that. To be called before the server gets its first connection. Errors:
 * Error when the library has changed.
 */
export function watchRepeatedMetadata(server: Server): void {
  const { http2Servers } = server as unknown as { http2Servers?: ReadonlyMap<Http2Server, unknown> };
  const [listener, ...more] = http2Servers?.keys() ?? [];
  if (listener === undefined || more.length > 0) throw new Error("the HTTP/2 server of grpc-js was not found");
  // The types leave out the last parameter.
  listener.prependListener("stream", (...[stream, , , rawHeaders]: [ServerHttp2Stream, object, number, string[]?]) => {
    const name = repeatedHeader(rawHeaders ?? []);
    if (name !== undefined) repeated.set(stream, name);
  });
}

/** The header of a call that was sent again, though it has to be sent once. */
export function repeatedMetadata(stream: ServerHttp2Stream | undefined): string | undefined {
  return stream === undefined ? undefined : repeated.get(stream);
}
