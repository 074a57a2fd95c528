// Goal: new credentials cost so many checks at a time, and no address keeps the others from theirs.
// Approach: any number of addresses that send as much as they like, in any order, and one that comes after them.
import type { Caller } from "@flovyn/bus";
import type { DomainError } from "@flovyn/domain";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PendingChecks } from "./pending-checks.js";

const caller: Caller = { orgId: "org", principalType: "User", principalId: "alice" };
const max = 60;
const address = (n: number) => `10.0.${n >> 8}.${n & 255}`;

/** Checks that last until they are ended by the test. */
class Held {
  readonly checks = new PendingChecks(max);
  readonly #ends: ((caller: Caller) => void)[] = [];
  started = 0;
  #credentials = 0;

  /** What refused it; undefined for one that was taken. */
  try(from: string, digest = String(this.#credentials++)): DomainError | undefined {
    try {
      void this.checks.run(digest, from, () => {
        this.started += 1;
        return new Promise((resolve) => this.#ends.push(resolve));
      });
      return undefined;
    } catch (error) {
      return error as DomainError;
    }
  }

  async endAll(): Promise<void> {
    for (const end of this.#ends.splice(0)) end(caller);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("checks of new credentials", () => {
  it("are never more than so many, and whoever comes last is let in as long as others are fewer", () => {
    const order = fc.array(fc.integer({ min: 0, max: max - 2 }), { maxLength: 400 });
    fc.assert(
      fc.property(order, (senders) => {
        const held = new Held();
        for (const sender of senders) held.try(address(sender));
        expect(held.checks.size).toBeLessThanOrEqual(max);
        expect(held.try(address(1000))).toBeUndefined();
      }),
    );
  });

  it("of one address are half of them at most; the rest is refused to it with a time to come back", () => {
    const held = new Held();
    const refused = Array.from({ length: max * 2 }, () => held.try(address(1))).filter((error) => error !== undefined);
    expect(held.checks.size).toBe(max / 2);
    for (const error of refused) {
      expect(error).toMatchObject({ code: "LimitExceeded", reason: "CREDENTIALS_BUSY", retryAfterMs: 1000 });
    }
    expect(held.try(address(2))).toBeUndefined();
  });

  it("of one network of IPv6 are those of one address", () => {
    const held = new Held();
    for (let n = 0; n < max * 2; n++) held.try(`2001:db8::${n.toString(16)}`);
    expect(held.checks.size).toBe(max / 2);
  });

  it("are refused as unavailable to an address that has none when others have all", () => {
    const held = new Held();
    for (let n = 0; n < max; n++) expect(held.try(address(n))).toBeUndefined();
    expect(held.try(address(1000))).toMatchObject({ code: "Unavailable", reason: "CREDENTIALS_BUSY" });
  });

  it("of the same credential are one", () => {
    const held = new Held();
    for (let n = 0; n < max * 2; n++) expect(held.try(address(1), "same")).toBeUndefined();
    expect([held.started, held.checks.size]).toEqual([1, 1]);
  });

  it("give their place back when they end, also by an error", async () => {
    const held = new Held();
    for (let n = 0; n < max * 2; n++) held.try(address(1));
    await held.endAll();
    expect(held.checks.size).toBe(0);
    const failed = held.checks.run("failed", address(1), () => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    for (let n = 0; n < max / 2; n++) expect(held.try(address(1))).toBeUndefined();
  });
});
