import { BoundedCache } from "../cache/bounded-cache.js";
import { historyReadsMax, historyReadTtlMs } from "../limits.js";

/**
 * Which connections were given the history of which workflow since they last submitted it. Existing clients that cannot
 * read a history run from an empty one without saying so. A read through another gateway is unknown here and counts as
 * none: the workflow may then be handed out once more, which is allowed; a lost wake-up is not.
 */
export class HistoryReads {
  readonly #reads: BoundedCache<number>;

  constructor(now: () => number) {
    this.#reads = new BoundedCache({ entriesMax: historyReadsMax, now });
  }

  /** The worker behind the connection was given the history up to a sequence. */
  served(connection: string, workflowId: string, sequence: number): void {
    this.#reads.set(toKey(connection, workflowId), sequence, historyReadTtlMs);
  }

  /** Up to which sequence it was since its last submission, 0 for not at all; the next activation starts anew. */
  take(connection: string, workflowId: string): number {
    const key = toKey(connection, workflowId);
    const sequence = this.#reads.get(key) ?? 0;
    this.#reads.delete(key);
    return sequence;
  }
}

/** Ids come as clients write them. */
function toKey(connection: string, workflowId: string): string {
  return `${connection}/${workflowId.toLowerCase()}`;
}
