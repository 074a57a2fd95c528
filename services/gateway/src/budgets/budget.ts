import { DomainError } from "@flovyn/domain";
import {
  type BudgetLimits,
  type BudgetName,
  type BudgetRow,
  type BudgetScope,
  budgetNames,
  budgetTable,
} from "@flovyn/runtime";
import { type BudgetHolder, KeptHolder } from "./budget-holder.js";
import { type Tallies, Tally, TallyMap } from "./tally.js";

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
  /** Where kept holders have the tallies of this budget. */
  readonly #number: number;
  readonly #byConnection = new WeakMap<object, Tally>();
  readonly #byPrincipal = new TallyMap();
  /** By org or by address, whichever the budget has. */
  readonly #byGroup = new TallyMap();
  readonly #groupScope: "org" | "address";
  #used = 0;

  constructor({ name, limits, sharePercent, refused }: BudgetOptions) {
    this.name = name;
    this.limits = limits;
    this.#row = budgetTable[name];
    this.#number = budgetNames.indexOf(name);
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
    return this.#byGroup.largest;
  }

  /** Which scope leaves no room for the amount; undefined when there is room in all of them. */
  fullScope(holder: BudgetHolder, amount: number): BudgetScope | undefined {
    return this.#fullScope(this.#talliesOf(holder), amount);
  }

  /** Takes an amount, to be given back by `give` with the same holder. Errors: LimitExceeded naming the budget. */
  take(holder: BudgetHolder, amount = 1): void {
    const tallies = this.#talliesOf(holder);
    const full = this.#fullScope(tallies, amount);
    if (full !== undefined) throw this.refusal(full, holder);
    this.#add(tallies, amount);
  }

  /** Takes an amount whatever is free: what exists already is counted, so that others are refused. */
  add(holder: BudgetHolder, amount: number): void {
    this.#add(this.#talliesOf(holder), amount);
  }

  /** `take` without an error: false, and nothing taken, where there is no room. */
  tryTake(holder: BudgetHolder, amount = 1): boolean {
    const tallies = this.#talliesOf(holder);
    const full = this.#fullScope(tallies, amount);
    if (full === undefined) this.#add(tallies, amount);
    else this.#refused?.(this.name, full);
    return full === undefined;
  }

  give(holder: BudgetHolder, amount = 1): void {
    this.#add(this.#talliesOf(holder), -amount);
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
      ...(holder.principal !== undefined && { principal: this.#byPrincipal.used(holder.principal) }),
      ...(group !== undefined && { [this.#groupScope]: this.#byGroup.used(group) }),
    };
  }

  /** The most that an org or address may have taken at the moment; infinite where it is not limited. */
  shareFor(holder: BudgetHolder): number {
    const limit = this.limits[this.#groupScope];
    const key = holder[this.#groupScope];
    if (!limit || key === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor(Math.min(limit, this.#shareOf(this.#byGroup.used(key))));
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

  #fullScope({ connection, principal, group }: Tallies, amount: number): BudgetScope | undefined {
    const { limits } = this;
    if (this.#used + amount > limits.process) return "process";
    if (connection !== undefined && connection.used + amount > (limits.connection ?? 0)) return "connection";
    if (principal !== undefined && principal.used + amount > (limits.principal ?? 0)) return "principal";
    if (group === undefined) return undefined;
    const most = Math.min(limits[this.#groupScope] ?? 0, this.#shareOf(group.used));
    return group.used + amount > most ? this.#groupScope : undefined;
  }

  #add({ connection, principal, group }: Tallies, amount: number): void {
    this.#used += amount;
    if (connection !== undefined) connection.used += amount;
    if (principal !== undefined) principal.used += amount;
    if (group !== undefined) group.used += amount;
  }

  #talliesOf(holder: BudgetHolder): Tallies {
    if (!(holder instanceof KeptHolder)) return this.#lookUp(holder);
    const kept = holder.tallies[this.#number];
    if (kept !== undefined && kept.principal?.isForgotten !== true && kept.group?.isForgotten !== true) return kept;
    const found = this.#lookUp(holder);
    holder.tallies[this.#number] = found;
    return found;
  }

  #lookUp(holder: BudgetHolder): Tallies {
    const { limits } = this;
    const { connection, principal } = holder;
    const group = holder[this.#groupScope];
    return {
      connection: limits.connection && connection !== undefined ? this.#ofConnection(connection) : undefined,
      principal: limits.principal && principal !== undefined ? this.#byPrincipal.of(principal) : undefined,
      group: limits[this.#groupScope] && group !== undefined ? this.#byGroup.of(group) : undefined,
    };
  }

  #ofConnection(connection: object): Tally {
    let tally = this.#byConnection.get(connection);
    if (tally === undefined) {
      tally = new Tally();
      this.#byConnection.set(connection, tally);
    }
    return tally;
  }
}

const holderNames: Readonly<Record<BudgetScope, string>> = {
  connection: "one connection",
  principal: "one key",
  org: "the organization",
  address: "one address",
  process: "this gateway",
};
