import type { Caller } from "@flovyn/bus";
import type { Tallies } from "./tally.js";

/** Who takes of a budget. What is undefined is not counted in its scope. */
export interface BudgetHolder {
  /** Any object that lives as long as the connection. */
  readonly connection?: object | undefined;
  readonly principal?: string | undefined;
  readonly org?: string | undefined;
  readonly address?: string | undefined;
}

/** A principal, who may have several credentials, as a text to count by. */
export function principalKey({ orgId, principalType, principalId }: Caller): string {
  return `${orgId}/${principalType}/${principalId}`;
}

const holders = new WeakMap<Caller, BudgetHolder>();

/**
 * A holder that is kept, as calls are of few connections and callers. Budgets note in it where they count for it, so that
 * most calls look up nothing.
 */
export class KeptHolder implements BudgetHolder {
  readonly connection: object | undefined;
  readonly principal: string | undefined;
  readonly org: string | undefined;
  readonly address: undefined;
  /** By the number of the budget. */
  readonly tallies: Tallies[] = [];

  constructor({ connection, principal, org }: BudgetHolder) {
    this.connection = connection;
    this.principal = principal;
    this.org = org;
  }
}

/** The principal and org of a caller. The same object for the same caller, so that a call costs one look-up. */
export function holderOf(caller: Caller): BudgetHolder {
  let holder = holders.get(caller);
  if (holder === undefined) {
    holder = { principal: principalKey(caller), org: caller.orgId };
    holders.set(caller, holder);
  }
  return holder;
}

const onConnections = new WeakMap<object, { caller: Caller | undefined; holder: KeptHolder }>();

/**
 * A connection and the caller of a call on it, if there is one. The same object as long as calls of that caller follow one
 * another, as they do but for proxies.
 */
export function holderOn(connection: object | undefined, caller: Caller | undefined): KeptHolder {
  const kept = connection && onConnections.get(connection);
  if (kept?.caller === caller && kept !== undefined) return kept.holder;
  const holder = new KeptHolder({ connection, ...(caller !== undefined && holderOf(caller)) });
  if (connection !== undefined) onConnections.set(connection, { caller, holder });
  return holder;
}
