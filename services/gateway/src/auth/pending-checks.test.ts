/** Goal: checks of new credentials are counted for their addresses until they end, and the same credential is checked once. */
import type { Caller } from "@flovyn/bus";
import { beforeEach, describe, expect, it } from "vitest";
import { testBudgets } from "../../test/test-budgets.js";
import type { Budget } from "../budgets/budget.js";
import { PendingChecks } from "./pending-checks.js";

const caller: Caller = { orgId: "org", principalType: "User", principalId: "alice" };
let budget: Budget;
let checks: PendingChecks;
let ends: ((caller: Caller) => void)[];

beforeEach(() => {
  budget = testBudgets({ key_checks: { address: 2 } }).key_checks;
  checks = new PendingChecks(budget);
  ends = [];
});

/** A check that lasts until it is ended. */
function run(digest: string, address: string): Promise<Caller> {
  return checks.run(digest, address, () => new Promise((resolve) => ends.push(resolve)));
}

describe("checks of new credentials", () => {
  it.each([
    ["of one address", ["10.0.0.1", "10.0.0.1", "10.0.0.1"], "10.0.0.2"],
    ["of one network of IPv6", ["2001:db8::1", "2001:db8::2", "2001:db8::3"], "2001:db8:0:1::1"],
  ])("%s are bounded, those of others go on", (_name, [first = "", second = "", third = ""], other) => {
    void run("a", first);
    void run("b", second);
    expect(() => run("c", third)).toThrow(/^key_checks: one address may hold 2 checks/);
    void run("d", other);
    expect(checks.size).toBe(3);
  });

  it("of the same credential are one", () => {
    for (let n = 0; n < 10; n++) void run("same", "10.0.0.1");
    expect([ends.length, checks.size, budget.used]).toEqual([1, 1, 1]);
  });

  it("give their place back when they end, also by an error", async () => {
    const running = run("a", "10.0.0.1");
    ends[0]?.(caller);
    expect(await running).toBe(caller);
    await expect(checks.run("b", "10.0.0.1", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect([checks.size, budget.used]).toEqual([0, 0]);
  });
});
