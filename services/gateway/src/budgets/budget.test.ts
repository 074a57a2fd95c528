/**
 * Goal: no holder takes more than its part, something is always free for an org that comes later, and what is given back is
 * there again. Approach: examples of the shares, and random takes and gives compared with plain sums.
 */
import { budgetNames, budgetTable } from "@flovyn/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChangedBudgets, testBudgets } from "../../test/test-budgets.js";
import type { Budget } from "./budget.js";

const polls = (limits: NonNullable<ChangedBudgets["held_polls"]>, sharePercent = 50): Budget =>
  testBudgets({ held_polls: limits }, { sharePercent }).held_polls;

/** Takes one by one until it is refused; how many that were. */
function fill(budget: Budget, holder: Parameters<Budget["take"]>[0]): number {
  for (let taken = 0; ; taken++) if (!budget.tryTake(holder)) return taken;
}

describe("the share of an org", () => {
  it.each([
    [50, 60],
    [75, 90],
    [1, 1],
  ])("is at most %i percent of the whole while it is alone", (percent, expected) => {
    const budget = polls({ org: 1000, principal: 0, process: 120 }, percent);
    expect(fill(budget, { org: "a" })).toBe(expected);
    expect(budget.shareFor({ org: "a" })).toBe(expected);
  });

  it("becomes a third of the whole when two want all of it", () => {
    const budget = polls({ org: 1000, principal: 0, process: 120 });
    const takeInTurns = () => {
      while (budget.tryTake({ org: "a" }) || budget.tryTake({ org: "b" }));
    };
    takeInTurns();
    for (let n = 0; n < 60; n++) {
      // What one gives back goes to whichever has less.
      budget.give({ org: "a" });
      while (budget.tryTake({ org: "b" }));
      takeInTurns();
    }
    expect([budget.usedBy({ org: "a" }), budget.usedBy({ org: "b" })]).toEqual([{ org: 40 }, { org: 40 }]);
  });

  it("is the smaller one of its limit and what the rule leaves", () => {
    expect(fill(polls({ org: 10, principal: 0, process: 120 }), { org: "a" })).toBe(10);
  });

  it("is all of it where the scope is turned off", () => {
    expect(fill(polls({ org: 0, principal: 0, process: 120 }), { org: "a" })).toBe(120);
  });

  it("leaves something for an org that comes later, whatever the others take", () => {
    const holder = fc.record({ org: fc.constantFrom("a", "b", "c", "d", "e"), take: fc.boolean() });
    fc.assert(
      fc.property(fc.array(holder, { maxLength: 400 }), (steps) => {
        const budget = polls({ org: 1000, principal: 0, process: 100 });
        const used = new Map<string, number>();
        for (const { org, take } of steps) {
          const has = used.get(org) ?? 0;
          if (take && budget.tryTake({ org })) used.set(org, has + 1);
          else if (!take && has > 0) {
            budget.give({ org });
            used.set(org, has - 1);
          }
          const sum = [...used.values()].reduce((total, one) => total + one, 0);
          expect([budget.used, budget.usedBy({ org }).org]).toEqual([sum, used.get(org) ?? 0]);
          expect(budget.fullScope({ org: "newcomer" }, 1)).toBeUndefined();
        }
      }),
    );
  });
});

describe("every budget", () => {
  it.each(budgetNames)("%s refuses by name, with its size and when to try again, for each scope", (name) => {
    for (const scope of Object.keys(budgetTable[name].limits)) {
      const off = Object.fromEntries(Object.keys(budgetTable[name].limits).map((other) => [other, 0]));
      const budget = testBudgets({ [name]: { ...off, process: 1000, [scope]: 2 } })[name];
      const holder = { connection: {}, principal: "p", org: "o", address: "::1" };
      // A scope that is not limited has all of the process, whose own limit then counts.
      budget.take(holder, 1);
      expect(() => budget.take(holder, 2)).toThrow(
        expect.objectContaining({
          code: "LimitExceeded",
          reason: "BUDGET_EXCEEDED",
          retryAfterMs: budgetTable[name].retryMs,
          message: expect.stringMatching(
            new RegExp(`^${name}: .* may hold [12] ${budgetTable[name].unit} .*try again in`),
          ),
        }),
      );
      budget.give(holder, 1);
      expect(budget.used).toBe(0);
    }
  });

  it("counts a refusal by budget and scope", () => {
    const refused: string[] = [];
    const budget = testBudgets(
      { held_polls: { principal: 1 } },
      { refused: (name, scope) => refused.push(`${name} ${scope}`) },
    ).held_polls;
    expect(fill(budget, { principal: "p", org: "o" })).toBe(1);
    expect(refused).toEqual(["held_polls principal"]);
  });
});
