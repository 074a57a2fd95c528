import type { ServerHttp2Stream } from "node:http2";
import { DomainError } from "@flovyn/domain";
import type { BudgetHolder } from "../budgets/budget-holder.js";
import type { Budgets } from "../budgets/budgets.js";
import { pieceBytes, smallAnswerBytes } from "../limits.js";
import type { PieceCounter } from "./raw-call.js";

export interface CallAccountOptions {
  budgets: Pick<Budgets, "calls" | "request_bytes" | "answer_bytes">;
  holder: BudgetHolder;
  /** What the request is counted as from the start, because it is not known how large it is once decompressed. */
  reserveBytes: number;
  owner: AccountOwner;
}

export interface AccountOwner {
  /** The request takes more than there is, or is none: the call ends with this. */
  requestRefused(error: unknown): void;
}

/**
 * What one call takes of the budgets. The call and its answer count until their stream has closed, because an answer that
 * is not read is kept; the bytes of the request until the answer.
 */
export class CallAccount implements PieceCounter {
  readonly #options: CallAccountOptions;
  #requestBytes = 0;
  #answerBytes = 0;
  #over = false;

  /** Errors: LimitExceeded, and nothing is taken. */
  constructor(options: CallAccountOptions) {
    const { budgets, holder, reserveBytes } = options;
    this.#options = options;
    budgets.calls.take(holder);
    try {
      this.#takeRequest(reserveBytes);
    } catch (error) {
      budgets.calls.give(holder);
      throw error;
    }
  }

  /** Bytes of answers that were not taken yet. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Is closed when the stream closes. */
  closeWith(stream: AccountedStream): void {
    stream[accountKey] = this;
    stream.on("close", closeAccount);
    if (stream.closed) this.close();
  }

  /** Counts a piece of the request. */
  arrived(bytes: number): boolean {
    // Of what may be compressed all is reserved.
    if (this.#options.reserveBytes > 0) return true;
    if (this.#over) return false;
    try {
      this.#takeRequest(bytes + pieceBytes);
      return true;
    } catch (error) {
      this.#options.owner.requestRefused(error);
      return false;
    }
  }

  flagged(flag: number): void {
    const problem = flag === 1 ? "is compressed, but grpc-encoding does not say how" : `has the unknown flag ${flag}`;
    const options = { field: "request", reason: "MALFORMED_CALL" };
    this.#options.owner.requestRefused(new DomainError("Internal", `request: ${problem}`, options));
  }

  /** A whole message has arrived, of so many bytes: what was reserved beyond them is given back. */
  received(bytes: number): void {
    const { budgets, holder, reserveBytes } = this.#options;
    if (reserveBytes === 0 || this.#requestBytes === 0) return;
    const spare = this.#requestBytes - bytes;
    this.#requestBytes = bytes;
    budgets.request_bytes.give(holder, spare);
  }

  /** Counts an answer. A small one is never refused: it says what became of work that is done. Errors: LimitExceeded. */
  answer(bytes: number): void {
    if (this.#over) return;
    const { budgets, holder } = this.#options;
    if (bytes <= smallAnswerBytes) budgets.answer_bytes.add(holder, bytes);
    else budgets.answer_bytes.take(holder, bytes);
    this.#answerBytes += bytes;
  }

  /** The caller has taken so many bytes of the answers. */
  taken(bytes: number): void {
    if (this.#over) return;
    this.#answerBytes -= bytes;
    this.#options.budgets.answer_bytes.give(this.#options.holder, bytes);
  }

  /** The request is answered: its bytes are free. */
  requestOver(): void {
    if (this.#requestBytes === 0) return;
    this.#options.budgets.request_bytes.give(this.#options.holder, this.#requestBytes);
    this.#requestBytes = 0;
  }

  /** Gives all of it back. Idempotent. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    const { budgets, holder } = this.#options;
    this.requestOver();
    if (this.#answerBytes > 0) budgets.answer_bytes.give(holder, this.#answerBytes);
    budgets.calls.give(holder);
  }

  #takeRequest(bytes: number): void {
    this.#options.budgets.request_bytes.take(this.#options.holder, bytes);
    this.#requestBytes += bytes;
  }
}

const accountKey = Symbol("account");
type AccountedStream = ServerHttp2Stream & { [accountKey]?: CallAccount };

/** One function for all streams, as a closure of each would be made for each call. */
function closeAccount(this: AccountedStream): void {
  this[accountKey]?.close();
}
