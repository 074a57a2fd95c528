import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Bus, type Caller, credentialsSubject } from "@flovyn/bus";
import { DomainError, tokenPrincipalPrefix } from "@flovyn/domain";
import {
  CheckWorkerTokensRequest,
  CheckWorkerTokensResponse,
  FindWorkerTokensRequest,
  FindWorkerTokensResponse,
  RevokedHint,
  type WorkerTokenCandidate,
} from "@flovyn/proto/internal";
import {
  type Batcher,
  createBatcher,
  type Logger,
  type NamedSecret,
  type Outcome,
  toDomainError,
} from "@flovyn/runtime";
import type { Budget } from "../budgets/budget.js";
import { BoundedCache } from "../cache/bounded-cache.js";
import type { HintChannels } from "../hints/hint-channels.js";
import {
  workerTokenAskMs,
  workerTokenCheckMs,
  workerTokenCheckTimeoutMs,
  workerTokensAskedMax,
  workerTokensKnownMax,
  workerTokensUnknownMax,
  workerTokenTrustMs,
  workerTokenUnknownMs,
} from "../limits.js";
import { type Authenticator, invalidCredentials } from "./authenticate.js";
import { credentialDigest } from "./credential-digest.js";
import { askDispatch } from "./gateway-caller.js";
import { credentialEnded, type HeldCalls } from "./held-calls.js";
import { PendingChecks } from "./pending-checks.js";
import { hashWorkerToken, workerTokenForm, workerTokenPrefixLength } from "./worker-token-text.js";

export interface WorkerTokensOptions {
  secrets: readonly NamedSecret[];
  bus: Bus;
  hints: HintChannels;
  held: HeldCalls;
  log: Logger;
  /** Milliseconds since 1970. */
  now: () => number;
  /** For tokens that are being asked for. */
  checks: Budget;
  knownMax?: number;
}

interface Known {
  id: string;
  digest: string;
  caller: Caller;
  expiresAtMs: number;
  /** When dispatch last said that the token is valid. */
  confirmedAtMs: number;
  used: boolean;
}

/**
 * Knows worker tokens that dispatch has a hash of. A token is asked for once and then known; every 1.5 s dispatch is
 * asked about all that are known in one question, and a hint says at once when one is revoked. What was not confirmed for
 * 3.5 s is asked for anew, so a revocation counts within 5 s whatever was lost; while dispatch cannot be asked nobody is let
 * in.
 */
export class WorkerTokens implements Authenticator {
  readonly name = "worker_token";
  readonly #options: WorkerTokensOptions;
  readonly #secrets: ReadonlyMap<string, string>;
  /** By the digest of the token, in the order of their first use. */
  readonly #known = new Map<string, Known>();
  readonly #byId = new Map<string, Known>();
  readonly #unknown: BoundedCache<true>;
  readonly #pending: PendingChecks;
  /** Compared against where there is no token, so that both cases do the same. */
  readonly #decoy = { hash: randomBytes(32), secret: randomBytes(32).toString("base64") };
  /** One question at a time, about all that came meanwhile: whoever guesses at many tokens costs few questions. */
  readonly #questions: Batcher<string, WorkerTokenCandidate[]>;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #unlisten: (() => void) | undefined;
  #complained = false;

  constructor(options: WorkerTokensOptions) {
    this.#options = options;
    this.#pending = new PendingChecks(options.checks);
    this.#secrets = new Map(options.secrets.map(({ id, secret }) => [id, secret]));
    this.#unknown = new BoundedCache({ entriesMax: workerTokensUnknownMax, now: options.now });
    this.#questions = createBatcher({
      ...{ name: "worker-token.find", slots: 1, itemsMax: workerTokensAskedMax },
      run: (prefixes) => this.#find(prefixes),
    });
  }

  get size(): number {
    return this.#known.size;
  }

  start(): void {
    this.#timer = setInterval(() => void this.runOnce(), workerTokenCheckMs);
    this.#timer.unref();
    this.#unlisten = this.#options.hints.listen(credentialsSubject(), {
      hint: (payload) => this.#hinted(payload),
      subscribed: () => {},
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unlisten?.();
    await this.#checking;
    await this.#questions.stop();
  }

  readonly authenticate = (token: string, address: string): Caller | undefined | Promise<Caller> => {
    if (!workerTokenForm.test(token)) return undefined;
    const digest = credentialDigest(token);
    const known = this.#known.get(digest);
    if (known !== undefined && this.#isTrusted(known)) {
      known.used = true;
      return known.caller;
    }
    if (this.#unknown.get(digest) === true) throw invalidCredentials();
    return this.#pending.run(digest, address, () => this.#ask(token, digest));
  };

  /** Asks dispatch which of the known tokens are still valid, and tells which were used. */
  runOnce(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  #isTrusted({ confirmedAtMs, expiresAtMs }: Known): boolean {
    const now = this.#options.now();
    return now - confirmedAtMs <= workerTokenTrustMs && now < expiresAtMs;
  }

  async #ask(token: string, digest: string): Promise<Caller> {
    const askedAtMs = this.#options.now();
    const prefix = token.slice(0, workerTokenPrefixLength);
    const match = this.#match(token, await this.#questions.submit(prefix));
    if (match === undefined) {
      const known = this.#known.get(digest);
      if (known !== undefined) this.#forget(known);
      this.#unknown.set(digest, true, workerTokenUnknownMs);
      throw invalidCredentials();
    }
    return this.#remember(match, digest, askedAtMs).caller;
  }

  async #find(prefixes: readonly string[]): Promise<Outcome<WorkerTokenCandidate[]>[]> {
    try {
      const answer = await askDispatch(this.#options.bus, {
        operation: "internal/FindWorkerTokens",
        payload: FindWorkerTokensRequest.encode({ prefixes: [...new Set(prefixes)] }).finish(),
        timeoutMs: workerTokenAskMs,
      });
      const { candidates } = FindWorkerTokensResponse.decode(answer);
      return prefixes.map((prefix) => ({ ok: true, value: candidates.filter((one) => one.prefix === prefix) }));
    } catch (error) {
      // For all of them: asked one by one, guesses would cost a question each.
      return prefixes.map(() => ({ ok: false, error: toDomainError(error) }));
    }
  }

  /** Every candidate is compared in constant time, and one that cannot be right where there is none. */
  #match(token: string, candidates: readonly WorkerTokenCandidate[]): WorkerTokenCandidate | undefined {
    let match: WorkerTokenCandidate | undefined;
    for (const candidate of candidates) {
      const secret = this.#secrets.get(candidate.secretId);
      const same = isSame(candidate.hash, hashWorkerToken(secret ?? this.#decoy.secret, token));
      if (same && secret !== undefined) match = candidate;
    }
    if (candidates.length === 0) isSame(this.#decoy.hash, hashWorkerToken(this.#decoy.secret, token));
    return match;
  }

  #remember(token: WorkerTokenCandidate, digest: string, confirmedAtMs: number): Known {
    const expiresAtMs = token.expiresAtMs ?? Number.POSITIVE_INFINITY;
    const before = this.#byId.get(token.id);
    if (before !== undefined) {
      Object.assign(before, { confirmedAtMs, expiresAtMs, used: true });
      return before;
    }
    if (this.#known.size >= (this.#options.knownMax ?? workerTokensKnownMax)) {
      const [oldest] = this.#known.values();
      if (oldest !== undefined) this.#forget(oldest, uncheckable());
    }
    const { id, orgId } = token;
    const caller: Caller = Object.freeze({ orgId, principalType: "Worker", principalId: tokenPrincipalPrefix + id });
    const known: Known = { id, digest, caller, expiresAtMs, confirmedAtMs, used: true };
    this.#options.held.mayEnd(caller, expiresAtMs);
    this.#known.set(digest, known);
    this.#byId.set(id, known);
    return known;
  }

  /** Whoever is forgotten has nothing open any more: nobody would look after it. */
  #forget(known: Known, why: DomainError = credentialEnded()): void {
    this.#known.delete(known.digest);
    this.#byId.delete(known.id);
    this.#options.held.end(known.caller, why);
  }

  #hinted(payload: Uint8Array): void {
    try {
      for (const id of RevokedHint.decode(payload).workerTokenIds) {
        const known = this.#byId.get(id);
        if (known !== undefined) this.#forget(known);
      }
    } catch (err) {
      this.#options.log.warn({ err, bytes: payload.byteLength }, "a hint about credentials could not be read");
    }
  }

  async #check(): Promise<void> {
    this.#options.held.sweep();
    if (this.#known.size === 0) return;
    const asked = [...this.#known.values()];
    const used = asked.filter((known) => known.used);
    const askedAtMs = this.#options.now();
    const ids = (list: readonly Known[]) => list.map(({ id }) => id);
    for (const known of used) known.used = false;
    try {
      const payload = CheckWorkerTokensRequest.encode({ knownIds: ids(asked), usedIds: ids(used) }).finish();
      const answer = CheckWorkerTokensResponse.decode(
        await askDispatch(this.#options.bus, {
          operation: "internal/CheckWorkerTokens",
          payload,
          timeoutMs: workerTokenCheckTimeoutMs,
        }),
      );
      const invalid = new Set(answer.invalidIds);
      for (const known of asked) {
        if (invalid.has(known.id)) this.#forget(this.#byId.get(known.id) ?? known);
        else known.confirmedAtMs = Math.max(known.confirmedAtMs, askedAtMs);
      }
      this.#complained = false;
    } catch (err) {
      for (const known of used) known.used = true;
      if (!this.#complained) this.#options.log.warn({ err }, "worker tokens could not be checked, trying again");
      this.#complained = true;
    }
    this.#endUnconfirmed();
  }

  /** What is open under a token that nobody can vouch for ends, too. The token itself may be confirmed again. */
  #endUnconfirmed(): void {
    const now = this.#options.now();
    for (const known of [...this.#known.values()]) {
      if (now - known.confirmedAtMs > workerTokenTrustMs) this.#forget(known, uncheckable());
    }
  }
}

/** The credential may be good: its bearer shall come back. */
function uncheckable(): DomainError {
  return new DomainError("Unavailable", "the key cannot be checked now", { reason: "CREDENTIALS_BUSY" });
}

function isSame(stored: Uint8Array, computed: Buffer): boolean {
  return stored.byteLength === computed.byteLength && timingSafeEqual(stored, computed);
}
