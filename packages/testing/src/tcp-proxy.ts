import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy in front of a server, whose connections can go wrong as those of a network do. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that are open now pass nothing any more, in neither direction, and stay open. New ones are as usual. */
  freeze(): void;
  /** Frozen connections go on with what was sent meanwhile. */
  thaw(): void;
  /** Breaks all open connections. */
  cut(): void;
  /** What is sent from now on arrives so much later. In ms; 0 turns it off. */
  delay(ms: number): void;
  close(): Promise<void>;
}

class Link {
  readonly #ends: readonly [Socket, Socket];
  readonly #delayMs: () => number;

  constructor(client: Socket, server: Socket, delayMs: () => number) {
    this.#ends = [client, server];
    this.#delayMs = delayMs;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("data", (bytes) => this.#pass(to, bytes));
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  }

  freeze(): void {
    for (const end of this.#ends) end.pause();
  }

  thaw(): void {
    for (const end of this.#ends) end.resume();
  }

  cut(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }

  #pass(to: Socket, bytes: Buffer): void {
    const delayMs = this.#delayMs();
    if (delayMs === 0) to.write(bytes);
    else setTimeout(() => to.destroyed || to.write(bytes), delayMs);
  }
}

/** Starts a proxy on a free port of this machine. Errors: those of the listener. */
export async function startTcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let delayMs = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: "127.0.0.1", ...target });
    const link = new Link(client, upstream, () => delayMs);
    links.add(link);
    upstream.once("close", () => links.delete(link));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const each = (act: (link: Link) => void) => () => {
    for (const link of links) act(link);
  };
  const cut = each((link) => link.cut());
  return {
    port: (server.address() as AddressInfo).port,
    freeze: each((link) => link.freeze()),
    thaw: each((link) => link.thaw()),
    cut,
    delay: (ms) => {
      delayMs = ms;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      await closed;
    },
  };
}
