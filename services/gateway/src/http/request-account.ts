import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { answerTimeMs } from "../budgets/answer-time.js";
import { type BudgetHolder, holderOf } from "../budgets/budget-holder.js";
import type { Budgets } from "../budgets/budgets.js";
import { pieceBytes, smallAnswerBytes } from "../limits.js";
import type { HttpContext, HttpEnv } from "./http-context.js";

export type RequestBudgets = Pick<Budgets, "calls" | "request_bytes" | "answer_bytes">;

export interface RequestAccountOptions {
  budgets: RequestBudgets;
  holder: BudgetHolder;
  /** With `outgoing`, one request of a connection. */
  incoming: Pick<IncomingMessage, "socket">;
  outgoing: Pick<ServerResponse, "once" | "closed">;
  /** Counts the size of the request and its answer against the rate of its caller. */
  charge: (bytes: number) => void;
}

/** What one HTTP request takes of the budgets, until its answer was taken or its connection closed. */
export class RequestAccount {
  readonly #options: RequestAccountOptions;
  #requestBytes = 0;
  #answerBytes = 0;
  #late: NodeJS.Timeout | undefined;
  #closed = false;

  /** Errors: LimitExceeded; Cancelled where the caller has left already. */
  constructor(options: RequestAccountOptions) {
    const { budgets, holder, incoming, outgoing } = options;
    this.#options = options;
    // Neither of them closes a second time.
    if (outgoing.closed || incoming.socket.destroyed) throw callerLeft();
    budgets.calls.take(holder);
    outgoing.once("close", () => this.close());
    // An answer that waits for the one before it on its connection does not learn that the connection has closed.
    accountsOf(incoming.socket).add(this);
  }

  /** Its answer was taken, or its caller has left. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Counts a piece of the request's body, of so many bytes. Errors: LimitExceeded; Cancelled. */
  received(bytes: number): void {
    if (this.#closed) throw callerLeft();
    const { budgets, holder } = this.#options;
    budgets.request_bytes.take(holder, bytes + pieceBytes);
    this.#requestBytes += bytes + pieceBytes;
  }

  /** All of the body has arrived. */
  complete(): void {
    this.#options.charge(this.#requestBytes);
  }

  /**
   * Counts an answer, or a part of one in place of the part before, which the caller has taken. It has to be taken in time.
   * A small one is never refused: it says what became of work that is done. Errors: LimitExceeded; Cancelled.
   */
  answer(bytes: number): void {
    if (this.#closed) throw callerLeft();
    const { budgets, holder, incoming, charge } = this.#options;
    budgets.answer_bytes.give(holder, this.#answerBytes);
    this.#answerBytes = 0;
    clearTimeout(this.#late);
    if (bytes <= smallAnswerBytes) budgets.answer_bytes.add(holder, bytes);
    else budgets.answer_bytes.take(holder, bytes);
    this.#answerBytes = bytes;
    charge(bytes);
    this.#late = setTimeout(() => incoming.socket.destroy(), answerTimeMs(bytes));
    this.#late.unref();
  }

  /** Gives all of it back. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { budgets, holder, incoming } = this.#options;
    clearTimeout(this.#late);
    accountsOf(incoming.socket).delete(this);
    budgets.calls.give(holder);
    budgets.request_bytes.give(holder, this.#requestBytes);
    budgets.answer_bytes.give(holder, this.#answerBytes);
  }
}

const openAccounts = new WeakMap<Socket, Set<RequestAccount>>();

/** Those of the requests that a connection still has; they are closed with it. */
function accountsOf(socket: Socket): Set<RequestAccount> {
  const known = openAccounts.get(socket);
  if (known !== undefined) return known;
  const opened = new Set<RequestAccount>();
  openAccounts.set(socket, opened);
  socket.once("close", () => {
    for (const account of [...opened]) account.close();
  });
  return opened;
}

function callerLeft(): DomainError {
  return new DomainError("Cancelled", "the connection ended before its answer");
}

const accounts = new WeakMap<Request, RequestAccount>();

/** Counts a request whose caller is known, from now on. Errors: LimitExceeded; Cancelled where the caller has left. */
export function openAccount(
  context: Context<HttpEnv>,
  caller: Caller,
  { budgets, limits }: Pick<HttpContext, "budgets" | "limits">,
): void {
  const { incoming, outgoing } = context.env as HttpBindings;
  const account = new RequestAccount({
    budgets,
    holder: { connection: incoming.socket, ...holderOf(caller) },
    incoming,
    outgoing,
    charge: (bytes) => limits.charge(caller, bytes),
  });
  accounts.set(context.req.raw, account);
}

/** Undefined for requests that need no key. */
export function accountOf(request: Request): RequestAccount | undefined {
  return accounts.get(request);
}
