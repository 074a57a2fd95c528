import { type BudgetName, type BudgetScope, budgetNames, budgetTable, type LimitsConfig } from "@flovyn/runtime";
import { type Budgets, createBudgets } from "../src/budgets/budgets.js";

export type ChangedBudgets = Partial<Record<BudgetName, Partial<Record<BudgetScope, number>>>>;

export interface TestBudgetsOptions {
  /** So large that no test meets it, unless one says otherwise. */
  sharePercent?: number;
  refused?: (name: BudgetName, scope: BudgetScope) => void;
}

/** Budgets of the usual sizes, some of them changed. */
export function testBudgets(changed: ChangedBudgets = {}, options: TestBudgetsOptions = {}): Budgets {
  const { sharePercent = 99, refused } = options;
  const budgets = Object.fromEntries(
    budgetNames.map((name) => [name, { ...budgetTable[name].limits, ...changed[name] }]),
  ) as LimitsConfig["budgets"];
  return createBudgets({ config: { budgets, sharePercent }, ...(refused && { refused }) });
}
