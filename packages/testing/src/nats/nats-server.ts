import { freePort } from "@flovyn/embedded-postgres";
import { startContainer } from "./container.js";
import { findNatsServer, type NatsSource } from "./find-nats-server.js";
import { startProgram } from "./program.js";

export interface NatsServer {
  url: string;
  port: number;
  /** Of the server process; undefined when it is not ours or runs in a container. */
  pid: number | undefined;
  how: NatsSource["how"];
  stop(): Promise<void>;
  /** Starts again on the same port after stop(). Undefined when NATS_URL named a server that is not ours. */
  start?: () => Promise<void>;
  /** Ends the server without warning its clients and starts it again on the same port. Undefined when it is not ours. */
  restart?: () => Promise<void>;
}

/** Starts a NATS server for tests, or uses the one of NATS_URL. On a free port unless one is given. */
export async function startNatsServer(options: { port?: number } = {}): Promise<NatsServer> {
  const source = await findNatsServer();
  if (source.how === "url") {
    const port = Number(new URL(source.url).port || 4222);
    return { how: "url", url: source.url, port, pid: undefined, stop: async () => undefined };
  }
  const port = options.port ?? (await freePort());
  if (source.how === "container") return await startContainer(source.image, port);
  return await startProgram(source, port);
}
