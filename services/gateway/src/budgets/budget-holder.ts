import type { Caller } from "@flovyn/bus";

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

/** The principal and org of a caller. The same object for the same caller, so that a call costs one look-up. */
export function holderOf(caller: Caller): BudgetHolder {
  let holder = holders.get(caller);
  if (holder === undefined) {
    holder = { principal: principalKey(caller), org: caller.orgId };
    holders.set(caller, holder);
  }
  return holder;
}
