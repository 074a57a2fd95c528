import type { ServerResponse } from "node:http";
import type { Caller } from "@flovyn/bus";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { answerTimeMs } from "../budgets/answer-time.js";
import { type BudgetHolder, holderOf } from "../budgets/budget-holder.js";
import type { Budgets } from "../budgets/budgets.js";
import type { HttpContext, HttpEnv } from "./http-context.js";

export type RequestBudgets = Pick<Budgets, "calls" | "request_bytes" | "answer_bytes">;

export interface RequestAccountOptions {
  budgets: RequestBudgets;
  holder: BudgetHolder;
  outgoing: ServerResponse;
  /** Counts the size of the request and its answer against the rate of its caller. */
  charge: (bytes: number) => void;
}

/** What one HTTP request takes of the budgets, until its answer was taken or its connection closed. */
export class RequestAccount {
  readonly #budgets: RequestBudgets;
  readonly #holder: BudgetHolder;
  readonly #outgoing: ServerResponse;
  readonly #charge: (bytes: number) => void;
  #requestBytes = 0;
  #answerBytes = 0;
  #late: NodeJS.Timeout | undefined;

  /** Errors: LimitExceeded. */
  constructor({ budgets, holder, outgoing, charge }: RequestAccountOptions) {
    this.#budgets = budgets;
    this.#holder = holder;
    this.#outgoing = outgoing;
    this.#charge = charge;
    budgets.calls.take(holder);
    outgoing.once("close", () => this.#close());
  }

  /** Counts bytes of the request's body. Errors: LimitExceeded. */
  received(bytes: number): void {
    this.#budgets.request_bytes.take(this.#holder, bytes);
    this.#requestBytes += bytes;
  }

  /** All of the body has arrived. */
  complete(): void {
    this.#charge(this.#requestBytes);
  }

  /**
   * Counts an answer, or a part of one in place of the part before, which the caller has taken. It has to be taken in time.
   * Errors: LimitExceeded.
   */
  answer(bytes: number): void {
    const { answer_bytes } = this.#budgets;
    answer_bytes.give(this.#holder, this.#answerBytes);
    this.#answerBytes = 0;
    clearTimeout(this.#late);
    answer_bytes.take(this.#holder, bytes);
    this.#answerBytes = bytes;
    this.#charge(bytes);
    this.#late = setTimeout(() => this.#outgoing.destroy(), answerTimeMs(bytes));
    this.#late.unref();
  }

  #close(): void {
    clearTimeout(this.#late);
    this.#budgets.calls.give(this.#holder);
    this.#budgets.request_bytes.give(this.#holder, this.#requestBytes);
    this.#budgets.answer_bytes.give(this.#holder, this.#answerBytes);
  }
}

const accounts = new WeakMap<Request, RequestAccount>();

/** Counts a request whose caller is known, from now on. Errors: LimitExceeded. */
export function openAccount(
  context: Context<HttpEnv>,
  caller: Caller,
  { budgets, limits }: Pick<HttpContext, "budgets" | "limits">,
): void {
  const { incoming, outgoing } = context.env as HttpBindings;
  const account = new RequestAccount({
    budgets,
    holder: { connection: incoming.socket, ...holderOf(caller) },
    outgoing,
    charge: (bytes) => limits.charge(caller, bytes),
  });
  accounts.set(context.req.raw, account);
}

/** Undefined for requests that need no key. */
export function accountOf(request: Request): RequestAccount | undefined {
  return accounts.get(request);
}
