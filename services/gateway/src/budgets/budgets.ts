import { type BudgetName, type BudgetScope, budgetNames, type LimitsConfig } from "@flovyn/runtime";
import { Budget } from "./budget.js";

export type Budgets = Readonly<Record<BudgetName, Budget>>;

export interface BudgetsOptions {
  config: Pick<LimitsConfig, "budgets" | "sharePercent">;
  refused?: (name: BudgetName, scope: BudgetScope) => void;
}

/** Every budget of one gateway. */
export function createBudgets({ config, refused }: BudgetsOptions): Budgets {
  const { sharePercent } = config;
  const entries = budgetNames.map((name) => {
    return [name, new Budget({ name, limits: config.budgets[name], sharePercent, ...(refused && { refused }) })];
  });
  return Object.fromEntries(entries) as Budgets;
}
