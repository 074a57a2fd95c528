import type { Server, Socket } from "node:net";
import { KeyedCounts } from "../rate/keyed-counts.js";
import { addressBlock } from "./address-block.js";

export interface ConnectionLimitOptions {
  /** Open connections of a door. */
  connectionsMax: number;
  /** Those from one address; 0 does not limit. */
  perAddressMax: number;
  /** Called for each that is refused. */
  refused: (by: "total" | "address") => void;
}

/** The open connections of one door. Those beyond the limits are closed before a byte of them is read. */
export class ConnectionLimit {
  readonly #options: ConnectionLimitOptions;
  readonly #open = new Set<Socket>();
  readonly #byBlock = new KeyedCounts();

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  get countsAddresses(): boolean {
    return this.#options.perAddressMax > 0;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Watches over a server. `admitted` is called for each connection that may stay. */
  guard(server: Server, admitted: (socket: Socket) => void = () => {}): void {
    server.prependListener("connection", (socket: Socket) => {
      if (this.#admit(socket)) admitted(socket);
      else socket.destroy();
    });
  }

  /** Cuts what is open. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #admit(socket: Socket): boolean {
    const { connectionsMax, perAddressMax, refused } = this.#options;
    // Without an address it has closed meanwhile.
    const block = addressBlock(socket.remoteAddress ?? "");
    const isFull = this.#open.size >= connectionsMax;
    if (isFull || (perAddressMax > 0 && this.#byBlock.of(block) >= perAddressMax)) {
      refused(isFull ? "total" : "address");
      return false;
    }
    this.#open.add(socket);
    this.#byBlock.add(block);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#byBlock.remove(block);
    });
    return true;
  }
}
