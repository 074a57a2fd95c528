/** Goal: tallies that nothing is counted in are forgotten, and a holder that kept one counts where others look. */
import { expect, it } from "vitest";
import { testBudgets } from "../../test/test-budgets.js";
import { KeptHolder } from "./budget-holder.js";
import { TallyMap } from "./tally.js";

it("forgets keys that have taken nothing, as soon as there are many", () => {
  const tallies = new TallyMap();
  tallies.of("kept").used = 1;
  for (let n = 0; n < 10_000; n++) tallies.of(`org ${n}`);
  expect(tallies.size).toBeLessThan(1100);
  expect([tallies.used("kept"), tallies.largest]).toEqual([1, 1]);
});

it("counts for a holder whose tally was forgotten in the one that others find", () => {
  const budget = testBudgets({ calls: { org: 3, principal: 0, connection: 0, process: 100_000 } }).calls;
  const kept = new KeptHolder({ org: "a" });
  budget.take(kept);
  budget.give(kept);
  for (let n = 0; n < 3000; n++) {
    budget.take({ org: `other ${n}` });
    budget.give({ org: `other ${n}` });
  }
  budget.take({ org: "a" });
  budget.take(kept, 2);
  expect(budget.usedBy({ org: "a" })).toEqual({ org: 3 });
  expect([budget.fullScope(kept, 1), budget.fullScope({ org: "a" }, 1)]).toEqual(["org", "org"]);
});

it("gives back in the tally that it was taken from, however many come and go meanwhile", () => {
  const budget = testBudgets({ calls: { org: 3, principal: 3, connection: 3, process: 100_000 } }).calls;
  const kept = new KeptHolder({ connection: {}, principal: "p", org: "a" });
  budget.take(kept, 3);
  for (let n = 0; n < 3000; n++) budget.hold({ principal: `p ${n}`, org: `o ${n}` })();
  budget.give(kept, 3);
  expect([budget.used, budget.usedBy(kept)]).toEqual([0, { principal: 0, org: 0 }]);
  expect(budget.fullScope(kept, 3)).toBeUndefined();
});
