import { addressBlock } from "../connections/address-block.js";
import { deniedEntriesPerMinute, deniedKeysMax } from "../limits.js";
import type { AuditedCall } from "./audit-entry.js";

interface Window {
  endsAtMs: number;
  count: number;
  /** The last call that was not recorded; the count goes into its entry. */
  last: AuditedCall | undefined;
}

const minuteMs = 60_000;

/**
 * Somebody who is refused a thousand times a second must not write as many entries: of one caller and action the first few
 * in a minute are recorded, and how many more there were when the minute is over.
 */
export class DeniedBound {
  readonly #windows = new Map<string, Window>();
  readonly #record: (call: AuditedCall) => void;
  readonly #now: () => number;

  constructor(options: { record: (call: AuditedCall) => void; now: () => number }) {
    this.#record = options.record;
    this.#now = options.now;
  }

  denied(call: AuditedCall): void {
    const who = `${call.principalType}/${call.principalId || addressBlock(call.address)}`;
    const key = `${call.orgId}/${who}/${call.action}`;
    const window = this.#window(key);
    window.count += 1;
    if (window.count <= deniedEntriesPerMinute) this.#record(call);
    else window.last = call;
  }

  /** Ends what is over. To be called now and then, and with `all` before the end. */
  sweep(all = false): void {
    const now = this.#now();
    for (const [key, window] of this.#windows) {
      if (!all && window.endsAtMs > now) continue;
      this.#windows.delete(key);
      this.#close(window);
    }
  }

  #window(key: string): Window {
    const known = this.#windows.get(key);
    if (known !== undefined && known.endsAtMs > this.#now()) return known;
    if (known !== undefined) this.#close(known);
    // Whoever sends a new name each time makes the oldest give way, whose count is written then.
    else if (this.#windows.size >= deniedKeysMax) {
      const [oldest] = this.#windows;
      if (oldest !== undefined) {
        this.#windows.delete(oldest[0]);
        this.#close(oldest[1]);
      }
    }
    const opened: Window = { endsAtMs: this.#now() + minuteMs, count: 0, last: undefined };
    this.#windows.set(key, opened);
    return opened;
  }

  #close({ count, last }: Window): void {
    if (last === undefined) return;
    const more = count - deniedEntriesPerMinute;
    this.#record({ ...last, reason: `${last.reason} (${more} times in a minute beside those recorded)` });
  }
}
