import { DomainError } from "@flovyn/domain";
import { type BudgetLimits, type BudgetName, type BudgetRow, type BudgetScope, budgetTable } from "@flovyn/runtime";
import type { BudgetHolder } from "./budget-holder.js";

export interface BudgetOptions {
  name: BudgetName;
  limits: BudgetLimits;
  /** The most that one org or address takes while it is alone, in percent of the whole. */
  sharePercent: number;
  /** Called for each refusal. */
  refused?: (name: BudgetName, scope: BudgetScope) => void;
}

/**
 * An amount that callers take and give back, bounded for a connection, a principal, an org or address, and the process.
 *
 * An org may take more only while what it has is below its limit and below what is still free, times a factor that follows
 * from `sharePercent`. With 50 % the factor is 1: an org that is alone gets half of the whole, each of two gets a third,
 * each of n gets 1/(n + 1). So something is always free for an org that comes later, and nothing has to be taken away.
 */
export class Budget {
  readonly name: BudgetName;
  readonly limits: BudgetLimits;
  readonly #row: BudgetRow;
  readonly #shareFactor: number;
  readonly #refused: BudgetOptions["refused"];
  readonly #byConnection = new WeakMap<object, number>();
  readonly #byPrincipal = new Map<string, number>();
  /** By org or by address, whichever the budget has. */
  readonly #byGroup = new Map<string, number>();
  readonly #groupScope: "org" | "address";
  #used = 0;

  constructor({ name, limits, sharePercent, refused }: BudgetOptions) {
    this.name = name;
    this.limits = limits;
    this.#row = budgetTable[name];
    this.#shareFactor = sharePercent / (100 - sharePercent);
    this.#refused = refused;
    this.#groupScope = "address" in budgetTable[name].limits ? "address" : "org";
  }

  /** What is taken in the process. */
  get used(): number {
    return this.#used;
  }

  /** What the org or address with the most has taken. */
  get usedByLargest(): number {
    let largest = 0;
    for (const used of this.#byGroup.values()) if (used > largest) largest = used;
    return largest;
  }

  /** Which scope leaves no room for the amount; undefined when there is room in all of them. */
  fullScope(holder: BudgetHolder, amount: number): BudgetScope | undefined {
    const { connection, principal, process } = this.limits;
    const group = this.limits[this.#groupScope];
    if (this.#used + amount > process) return "process";
    if (connection && holder.connection !== undefined) {
      if ((this.#byConnection.get(holder.connection) ?? 0) + amount > connection) return "connection";
    }
    if (principal && holder.principal !== undefined) {
      if ((this.#byPrincipal.get(holder.principal) ?? 0) + amount > principal) return "principal";
    }
    const groupKey = holder[this.#groupScope];
    if (group && groupKey !== undefined) {
      const used = this.#byGroup.get(groupKey) ?? 0;
      if (used + amount > Math.min(group, this.#shareOf(used))) return this.#groupScope;
    }
    return undefined;
  }

  /** Takes an amount, to be given back by `give` with the same holder. Errors: LimitExceeded naming the budget. */
  take(holder: BudgetHolder, amount = 1): void {
    const full = this.fullScope(holder, amount);
    if (full !== undefined) throw this.refusal(full, holder);
    this.add(holder, amount);
  }

  /** Takes an amount whatever is free: what exists already is counted, so that others are refused. */
  add(holder: BudgetHolder, amount: number): void {
    this.#add(holder, amount);
  }

  /** `take` without an error: false, and nothing taken, where there is no room. */
  tryTake(holder: BudgetHolder, amount = 1): boolean {
    const full = this.fullScope(holder, amount);
    if (full === undefined) this.#add(holder, amount);
    else this.#refused?.(this.name, full);
    return full === undefined;
  }

  give(holder: BudgetHolder, amount = 1): void {
    this.#add(holder, -amount);
  }

  /** Takes an amount until the returned function is called; it may be called again. Errors: LimitExceeded. */
  hold(holder: BudgetHolder, amount = 1): () => void {
    this.take(holder, amount);
    let held = amount;
    return () => {
      this.give(holder, held);
      held = 0;
    };
  }

  /** What one holder has taken, by scope. */
  usedBy(holder: BudgetHolder): Partial<Record<BudgetScope, number>> {
    const group = holder[this.#groupScope];
    return {
      ...(holder.principal !== undefined && { principal: this.#byPrincipal.get(holder.principal) ?? 0 }),
      ...(group !== undefined && { [this.#groupScope]: this.#byGroup.get(group) ?? 0 }),
    };
  }

  /** The most that an org or address may have taken at the moment; infinite where it is not limited. */
  shareFor(holder: BudgetHolder): number {
    const limit = this.limits[this.#groupScope];
    const key = holder[this.#groupScope];
    if (!limit || key === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor(Math.min(limit, this.#shareOf(this.#byGroup.get(key) ?? 0)));
  }

  /** What a caller learns when a scope is full: the budget, its size there, and when to try again. */
  refusal(scope: BudgetScope, holder: BudgetHolder): DomainError {
    this.#refused?.(this.name, scope);
    const { unit, retryMs } = this.#row;
    const shares = scope === "org" || scope === "address";
    const size = shares ? this.shareFor(holder) : (this.limits[scope] ?? 0);
    const message = `${this.name}: ${holderNames[scope]} may hold ${size} ${unit} at the moment; try again in ${retryMs} ms`;
    return new DomainError("LimitExceeded", message, { reason: "BUDGET_EXCEEDED", retryAfterMs: retryMs });
  }

  /** What the share rule leaves a group that has `used`: its own and what is free, divided by the factor. */
  #shareOf(used: number): number {
    const others = this.#used - used;
    return ((this.limits.process - others) * this.#shareFactor) / (1 + this.#shareFactor);
  }

  #add(holder: BudgetHolder, amount: number): void {
    this.#used += amount;
    const { connection, principal } = this.limits;
    if (connection && holder.connection !== undefined) {
      this.#byConnection.set(holder.connection, (this.#byConnection.get(holder.connection) ?? 0) + amount);
    }
    if (principal && holder.principal !== undefined) addTo(this.#byPrincipal, holder.principal, amount);
    const group = holder[this.#groupScope];
    if (group !== undefined && this.limits[this.#groupScope]) addTo(this.#byGroup, group, amount);
  }
}

function addTo(amounts: Map<string, number>, key: string, amount: number): void {
  const sum = (amounts.get(key) ?? 0) + amount;
  if (sum > 0) amounts.set(key, sum);
  else amounts.delete(key);
}

const holderNames: Readonly<Record<BudgetScope, string>> = {
  connection: "one connection",
  principal: "one key",
  org: "the organization",
  address: "one address",
  process: "this gateway",
};
