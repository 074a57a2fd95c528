import { BoundedCache } from "../cache/bounded-cache.js";
import { historyReadsMax, historyReadTtlMs } from "../limits.js";

/**
 * Which connections were given the history of which workflow since they last submitted it. Existing clients that cannot
 * read a history run from an empty one without saying so. A read through another gateway is unknown here and counts as
 * none: the workflow may then be handed out once more, which is allowed; a lost wake-up is not.
 */
export class HistoryReads {
  readonly #reads: BoundedCache<true>;

  constructor(now: () => number) {
    this.#reads = new BoundedCache({ entriesMax: historyReadsMax, now });
  }

  /** The worker behind the connection was given the history. */
  served(connection: string, workflowId: string): void {
    this.#reads.set(toKey(connection, workflowId), true, historyReadTtlMs);
  }

  /** Whether it was since its last submission; the next activation starts anew. */
  take(connection: string, workflowId: string): boolean {
    const key = toKey(connection, workflowId);
    const wasServed = this.#reads.get(key) === true;
    this.#reads.delete(key);
    return wasServed;
  }
}

/** Ids come as clients write them. */
function toKey(connection: string, workflowId: string): string {
  return `${connection}/${workflowId.toLowerCase()}`;
}
