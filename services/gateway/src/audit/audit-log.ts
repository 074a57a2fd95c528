import { DomainError, newId } from "@flovyn/domain";
import type { Logger } from "@flovyn/runtime";
import { auditBatchMax, auditEveryMs, auditLostAtOnce, auditWaitingMax } from "../limits.js";
import type { AuditEntry, AuditedCall } from "./audit-entry.js";
import { DeniedBound } from "./denied-bound.js";

export interface AuditLogOptions {
  /** Stores entries. Those of an id that is there already are left alone. Rejects when they may not be stored. */
  send: (entries: readonly AuditEntry[]) => Promise<void>;
  /** Milliseconds since 1970. */
  now: () => number;
  log: Logger;
  /** Counted by what became of an entry. */
  count: (what: "recorded" | "lost") => void;
}

/**
 * Gathers the audit entries of this gateway and stores them together, again until they are stored. What has not been
 * stored for long is lost in the order in which it came, counted and logged: a database that is away for hours must not
 * take the gateway with it.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #denied: DeniedBound;
  #waiting: AuditEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #complained = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#denied = new DeniedBound({ record: (call) => this.#add(call), now: options.now });
  }

  start(): void {
    this.#timer = setInterval(() => void this.runOnce(), auditEveryMs);
    this.#timer.unref();
  }

  record(call: AuditedCall): void {
    if (call.outcome === "denied") this.#denied.denied(call);
    else this.#add(call);
  }

  /** Stores what waits. Runs of the same time are one. */
  runOnce(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Stores what waits, once more; what cannot be stored is lost. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    this.#denied.sweep(true);
    await this.runOnce();
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length);
  }

  async #send(): Promise<void> {
    this.#denied.sweep();
    let size = auditBatchMax;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, size);
      try {
        await this.#options.send(batch);
        this.#remove(batch, "recorded");
        this.#complained = false;
        size = auditBatchMax;
      } catch (err) {
        if (isPassing(err)) return this.#complain(err);
        // Something in the batch cannot be stored at all: the others must not wait behind it for ever.
        if (batch.length > 1) size = Math.ceil(batch.length / 2);
        else this.#remove(batch, "lost");
      }
    }
  }

  #complain(err: unknown): void {
    if (!this.#complained) this.#options.log.warn({ err }, "audit entries could not be stored, trying again");
    this.#complained = true;
  }

  #add(call: AuditedCall): void {
    if (this.#waiting.length >= auditWaitingMax) this.#lose(auditLostAtOnce);
    this.#waiting.push({ ...call, id: newId(), atMs: this.#options.now() });
  }

  #lose(count: number): void {
    this.#remove(this.#waiting.slice(0, count), "lost");
  }

  /** Some may have been given up already. */
  #remove(entries: readonly AuditEntry[], what: "recorded" | "lost"): void {
    const gone = new Set(entries);
    this.#waiting = this.#waiting.filter((entry) => !gone.has(entry));
    for (const { id, orgId, principalId, action, outcome } of entries) {
      this.#options.count(what);
      if (what === "recorded") continue;
      this.#options.log.error({ auditId: id, orgId, principalId, action, outcome }, "an audit entry was lost");
    }
  }
}

/** The same entries may be stored later. */
function isPassing(error: unknown): boolean {
  return error instanceof DomainError && (error.code === "Unavailable" || error.code === "Timeout");
}
