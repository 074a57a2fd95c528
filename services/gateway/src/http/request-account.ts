import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Budget } from "../budgets/budget.js";
import { type BudgetHolder, holderOf } from "../budgets/budget-holder.js";
import type { Budgets } from "../budgets/budgets.js";
import { addressBlock } from "../connections/address-block.js";
import { pieceBytes } from "../limits.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { UnreadAnswer } from "./unread-answer.js";

export type RequestBudgets = Pick<Budgets, "calls" | "request_bytes" | "answer_bytes">;

/** One request of a connection, with `outgoing`. */
interface Exchange {
  incoming: Pick<IncomingMessage, "socket">;
  outgoing: Pick<ServerResponse, "once" | "closed">;
}

export interface RequestAccountOptions extends Exchange {
  budgets: RequestBudgets;
  holder: BudgetHolder;
  /** Counts the size of the request and its answer against the rate of its caller. */
  charge: (bytes: number) => void;
}

/** What one HTTP request takes of the budgets, until its answer was taken or its connection closed. */
export class RequestAccount extends UnreadAnswer {
  readonly #options: RequestAccountOptions;
  #requestBytes = 0;

  /** Errors: LimitExceeded; Cancelled where the caller has left already. */
  constructor(options: RequestAccountOptions) {
    const { budgets, holder, incoming } = options;
    super(budgets.answer_bytes, holder, incoming.socket);
    this.#options = options;
    checkOpen(options);
    budgets.calls.take(holder);
    closeWith(options, this);
  }

  /** Counts a piece of the request's body, of so many bytes. Errors: LimitExceeded; Cancelled. */
  received(bytes: number): void {
    if (this.isClosed) throw callerLeft();
    const { budgets, holder } = this.#options;
    budgets.request_bytes.take(holder, bytes + pieceBytes);
    this.#requestBytes += bytes + pieceBytes;
  }

  /** All of the body has arrived. */
  complete(): void {
    this.#options.charge(this.#requestBytes);
  }

  /** Counts an answer, or a part of one in place of the part before. Errors: LimitExceeded; Cancelled. */
  answer(bytes: number): void {
    if (this.isClosed) throw callerLeft();
    this.count(bytes);
    this.#options.charge(bytes);
  }

  /** Gives all of it back. Idempotent. */
  override close(): void {
    if (this.isClosed) return;
    super.close();
    const { budgets, holder, incoming } = this.#options;
    accountsOf(incoming.socket).delete(this);
    budgets.calls.give(holder);
    budgets.request_bytes.give(holder, this.#requestBytes);
  }
}

/** The answer to a request of which nothing says who sent it. */
class PublicAnswer extends UnreadAnswer {
  readonly #socket: Socket;

  /** Errors: Cancelled where the caller has left already. */
  constructor(exchange: Exchange, budget: Budget) {
    const { socket } = exchange.incoming;
    super(budget, { connection: socket, address: addressBlock(socket.remoteAddress ?? "") }, socket);
    this.#socket = socket;
    checkOpen(exchange);
    closeWith(exchange, this);
  }

  override close(): void {
    super.close();
    accountsOf(this.#socket).delete(this);
  }
}

/** Closes an account with its answer, or with its connection. */
function closeWith({ incoming, outgoing }: Exchange, account: UnreadAnswer): void {
  outgoing.once("close", () => account.close());
  // An answer that waits for the one before it on its connection does not learn that the connection has closed.
  accountsOf(incoming.socket).add(account);
}

const openAccounts = new WeakMap<Socket, Set<UnreadAnswer>>();

/** Those of the requests that a connection still has; they are closed with it. */
function accountsOf(socket: Socket): Set<UnreadAnswer> {
  const known = openAccounts.get(socket);
  if (known !== undefined) return known;
  const opened = new Set<UnreadAnswer>();
  openAccounts.set(socket, opened);
  socket.once("close", () => {
    for (const account of [...opened]) account.close();
  });
  return opened;
}

/** Neither of them closes a second time. Errors: Cancelled. */
function checkOpen({ incoming, outgoing }: Exchange): void {
  if (isOver({ incoming, outgoing })) throw callerLeft();
}

function isOver({ incoming, outgoing }: Exchange): boolean {
  return outgoing.closed || incoming.socket.destroyed;
}

function callerLeft(): DomainError {
  return new DomainError("Cancelled", "the connection ended before its answer");
}

const accounts = new WeakMap<Request, RequestAccount>();
const publicAnswers = new WeakMap<Request, PublicAnswer>();

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

/** Counts the answer of a route that may need no key: for its caller, or else for its address. Errors: LimitExceeded; Cancelled. */
export function countAnswer(context: Context<HttpEnv>, { budgets }: Pick<HttpContext, "budgets">, bytes: number): void {
  const { raw } = context.req;
  const account = accounts.get(raw);
  if (account !== undefined) account.answer(bytes);
  else publicAnswer(context, budgets).count(bytes);
}

/** Whatever the answer is, and to whomever, from now on there is a time until which it has to be taken. */
export function limitAnswerTime(context: Context<HttpEnv>, { budgets }: Pick<HttpContext, "budgets">): void {
  const { raw } = context.req;
  const known = accounts.get(raw) ?? publicAnswers.get(raw);
  if (known !== undefined) known.answered();
  else if (!isOver(context.env as HttpBindings)) publicAnswer(context, budgets).answered();
}

function publicAnswer(context: Context<HttpEnv>, budgets: Budgets): PublicAnswer {
  const answer = new PublicAnswer(context.env as HttpBindings, budgets.public_answer_bytes);
  publicAnswers.set(context.req.raw, answer);
  return answer;
}
