import { type DialProblem, dial } from "./dial.js";
import type { ServerAddress } from "./server-url.js";

/** Calls fail together, and one look serves all of them. */
const validMs = 2000;

/** Looks at what is at an address, one look at a time. */
export class Dialler {
  readonly #address: ServerAddress;
  #look: { found: Promise<DialProblem | undefined>; startedMs: number } | undefined;

  constructor(address: ServerAddress) {
    this.#address = address;
  }

  /** Undefined when an HTTP/2 server answers. Never rejects. */
  dial(): Promise<DialProblem | undefined> {
    const now = performance.now();
    if (this.#look === undefined || now - this.#look.startedMs > validMs) {
      this.#look = { found: dial(this.#address), startedMs: now };
    }
    return this.#look.found;
  }
}
