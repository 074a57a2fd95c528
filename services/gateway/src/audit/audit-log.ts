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
 * Gathers the audit entries of this gateway and stores them together, again until they are stored. When too many wait,
 * further denied attempts are lost, of which strangers can make any number; what was done takes the place of the oldest
 * denied attempts, and of what was done before only where there are none. Each is counted and logged: a database that is
 * away for hours must not take the gateway with it.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #denied: DeniedBound;
  #waiting: AuditEntry[] = [];
  /** Those of the waiting that are being stored. */
  #inFlight: ReadonlySet<AuditEntry> = new Set();
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
    this.#remove(this.#waiting, "lost");
  }

  async #send(): Promise<void> {
    this.#denied.sweep();
    let size = auditBatchMax;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, size);
      this.#inFlight = new Set(batch);
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
      } finally {
        this.#inFlight = new Set();
      }
    }
  }

  #complain(err: unknown): void {
    if (!this.#complained) this.#options.log.warn({ err }, "audit entries could not be stored, trying again");
    this.#complained = true;
  }

  #add(call: AuditedCall): void {
    const entry = { ...call, id: newId(), atMs: this.#options.now() };
    if (this.#waiting.length >= auditWaitingMax) {
      if (call.outcome === "denied") {
        this.#lost(entry);
        return;
      }
      this.#makeRoom();
    }
    this.#waiting.push(entry);
  }

  #makeRoom(): void {
    const waiting = this.#waiting.filter((entry) => !this.#inFlight.has(entry));
    const denied = waiting.filter(({ outcome }) => outcome === "denied");
    this.#remove((denied.length > 0 ? denied : waiting).slice(0, auditLostAtOnce), "lost");
  }

  /** Some may have been given up already. */
  #remove(entries: readonly AuditEntry[], what: "recorded" | "lost"): void {
    const gone = new Set(entries);
    this.#waiting = this.#waiting.filter((entry) => {
      if (!gone.has(entry)) return true;
      if (what === "lost") this.#lost(entry);
      else this.#options.count(what);
      return false;
    });
  }

  #lost({ id, orgId, principalId, action, outcome }: AuditEntry): void {
    this.#options.count("lost");
    this.#options.log.error({ auditId: id, orgId, principalId, action, outcome }, "an audit entry was lost");
  }
}

/** The same entries may be stored later. */
function isPassing(error: unknown): boolean {
  return error instanceof DomainError && (error.code === "Unavailable" || error.code === "Timeout");
}
