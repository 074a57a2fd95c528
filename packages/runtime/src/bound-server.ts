import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { isTaken, type Listen, listenOn } from "./listen.js";
import { loopback } from "./loopback.js";
import { portBusy } from "./port-busy.js";

/**
 * A server that listens: at one address, or for `localhost` at 127.0.0.1 and ::1, since clients take either. Where the
 * machine lacks one of the two, the other one is enough.
 */
export class BoundServer {
  readonly #servers: readonly Server[];
  readonly port: number;

  private constructor(servers: readonly Server[], port: number) {
    this.#servers = servers;
    this.port = port;
  }

  /** Errors: Unavailable naming the port when it is taken; otherwise those of the system. */
  static async listen(server: Server, listen: Listen, purpose: string): Promise<BoundServer> {
    if (listen.address !== loopback) {
      return new BoundServer([server], await listenOn(listen, purpose, (host, port) => bind(server, host, port)));
    }
    const [first, second] = ["127.0.0.1", "::1"];
    try {
      const port = await bind(server, first, listen.port);
      const beside = await bindBeside(server, second, { port, picked: listen.port === 0 });
      return new BoundServer([server, ...beside], port);
    } catch (error) {
      if (!lacksAddress(error)) throw portBusy(error, listen.port, purpose);
      return BoundServer.listen(server, { ...listen, address: second }, purpose);
    }
  }

  /** Refuses new connections; resolves when the open ones have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** A second socket whose connections are those of the server. None where the machine has no such address. */
async function bindBeside(
  server: Server,
  host: string,
  { port, picked }: { port: number; picked: boolean },
): Promise<Server[]> {
  const allowHalfOpen = (server as { allowHalfOpen?: boolean }).allowHalfOpen === true;
  const beside = createServer({ allowHalfOpen }, (socket: Socket) => server.emit("connection", socket));
  try {
    await bind(beside, host, port);
    return [beside];
  } catch (error) {
    // The system picked a port that is free at the first address; at the second one it may be in use.
    if (lacksAddress(error) || (picked && isTaken(error))) return [];
    await new Promise((resolve) => server.close(resolve));
    throw error;
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function lacksAddress(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}
