import type { Server, Socket } from "node:net";
import type { Budget } from "../budgets/budget.js";
import { addressBlock } from "./address-block.js";

/** The open connections of one transport. Those beyond the budget are closed before a byte of them is read. */
export class ConnectionLimit {
  readonly #budget: Budget;
  readonly #open = new Set<Socket>();

  constructor(budget: Budget) {
    this.#budget = budget;
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
    // Without an address it has closed meanwhile.
    const holder = { address: addressBlock(socket.remoteAddress ?? "") };
    if (!this.#budget.tryTake(holder)) return false;
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#budget.give(holder);
    });
    return true;
  }
}
