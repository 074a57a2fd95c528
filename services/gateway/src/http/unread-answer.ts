import type { Socket } from "node:net";
import { answerTimeMs } from "../budgets/answer-time.js";
import type { Budget } from "../budgets/budget.js";
import type { BudgetHolder } from "../budgets/budget-holder.js";
import { smallAnswerBytes } from "../limits.js";

/** The answer to one request, or the part of it that was sent last, until it is taken. */
export class UnreadAnswer {
  readonly #budget: Budget;
  readonly #holder: BudgetHolder;
  readonly #socket: Pick<Socket, "destroy">;
  #bytes = 0;
  #late: NodeJS.Timeout | undefined;
  #hasOwnTimes = false;
  #closed = false;

  /** Its bytes count in the budget for the holder; the socket is closed when it is not taken in time. */
  constructor(budget: Budget, holder: BudgetHolder, socket: Pick<Socket, "destroy">) {
    this.#budget = budget;
    this.#holder = holder;
    this.#socket = socket;
  }

  /** It was taken, or its caller has left. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Counts an answer, or a part of one in place of the part before, which the caller has taken. It has to be taken in time.
   * A small one is never refused: it says what became of work that is done. Errors: LimitExceeded.
   */
  count(bytes: number): void {
    if (this.#closed) return;
    this.#giveBack();
    if (bytes <= smallAnswerBytes) this.#budget.add(this.#holder, bytes);
    else this.#budget.take(this.#holder, bytes);
    this.#bytes = bytes;
    this.#limitTime(bytes);
  }

  /** The answer is made. It has to be taken in time also where it was not counted. */
  answered(): void {
    if (this.#late === undefined && !this.#closed && !this.#hasOwnTimes) this.#limitTime(0);
  }

  /** The answer is a live stream, which has a budget and times of its own. */
  streams(): void {
    this.#hasOwnTimes = true;
  }

  /** Gives back what is counted. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#giveBack();
  }

  #limitTime(bytes: number): void {
    this.#late = setTimeout(() => this.#socket.destroy(), answerTimeMs(bytes));
    this.#late.unref();
  }

  #giveBack(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#budget.give(this.#holder, this.#bytes);
    this.#bytes = 0;
  }
}
