import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { loadConfig } from "@flovyn/runtime";
import { beforeEach, describe, expect, it } from "vitest";
import { type Authenticate, invalidCredentials } from "../auth/authenticate.js";
import { CallLimits } from "./call-limits.js";
import { OrgRates } from "./org-rates.js";

let nowMs: number;
let counts: string[];

beforeEach(() => {
  [nowMs, counts] = [0, []];
});

const alice: Caller = { orgId: "acme", principalType: "User", principalId: "alice" };
const bob: Caller = { orgId: "acme", principalType: "User", principalId: "bob" };
const carol: Caller = { orgId: "other", principalType: "User", principalId: "carol" };
const root: Caller = { orgId: "", principalType: "User", principalId: "root", role: "OPERATOR" };
const callers = new Map([alice, bob, carol, root].map((caller) => [caller.principalId, caller]));

const authenticate: Authenticate = ({ authorization = "" }) => {
  const caller = callers.get(authorization);
  if (caller !== undefined) return caller;
  if (authorization === "slow alice") return Promise.resolve(alice);
  if (authorization === "away") throw new DomainError("Unavailable", "dispatch is away");
  throw invalidCredentials();
};

function create(limits: Record<string, unknown>, orgRate: OrgRates["of"] = () => undefined): CallLimits {
  const config = loadConfig({ env: {}, overrides: { limits } }).limits;
  const count = (by: string) => counts.push(by);
  return new CallLimits({ config, orgRate, now: () => nowMs, count });
}

function limited(limits: Record<string, unknown>, orgRate?: OrgRates["of"]): Authenticate {
  return create(limits, orgRate).around(authenticate);
}

/** "ok", or the reason of the refusal. */
async function call(check: Authenticate, authorization: string, address = "10.0.0.1"): Promise<string | undefined> {
  try {
    await check({ authorization, address });
    return "ok";
  } catch (error) {
    return error instanceof DomainError ? (error.reason ?? error.code) : String(error);
  }
}

async function calls(check: Authenticate, authorization: string, count: number, address?: string): Promise<number> {
  let passed = 0;
  for (let n = 0; n < count; n++) if ((await call(check, authorization, address)) === "ok") passed += 1;
  return passed;
}

describe("rates", () => {
  it("hold an org to 10,000 calls a second and twice as many at once unless configured, and off only on purpose", async () => {
    expect(await calls(limited({}), "alice", 20_001)).toBe(20_000);
    expect(await calls(limited({ org_requests_per_second: 0 }), "alice", 20_001)).toBe(20_001);
  });

  it("count a large request as several calls, which later ones wait for, and small ones as one", () => {
    const limits = create({ org_requests_per_second: 10, principal_requests_per_second: 10 });
    limits.admit(alice);
    limits.charge(alice, 16_383);
    for (let n = 0; n < 17; n++) limits.admit(alice);
    // 62 calls' worth, of which two are left.
    limits.charge(alice, 1_000_000);
    for (const caller of [alice, bob])
      expect(() => limits.admit(caller)).toThrow(/at most 10 in a second at this gateway/);
    nowMs += 5900;
    expect(() => limits.admit(alice)).toThrow(/try again in 100 ms$/);
    nowMs += 100;
    limits.admit(alice);
    limits.admit(carol);
  });

  it("are not charged where there are none", () => {
    const limits = create({ org_requests_per_second: 0 });
    limits.charge(alice, 100_000_000);
    limits.admit(alice);
  });

  it("of a principal let a burst through, then so many in a second, each principal by itself", async () => {
    const check = limited({ principal_requests_per_second: 10, principal_burst: 20 });
    expect(await calls(check, "alice", 30)).toBe(20);
    expect(await calls(check, "bob", 30)).toBe(20);
    nowMs += 1000;
    expect(await calls(check, "slow alice", 30)).toBe(10);
    nowMs += 3_600_000;
    expect(await calls(check, "alice", 30)).toBe(20);
    expect(new Set(counts)).toEqual(new Set(["principal"]));
  });

  it("of a principal are the same for each of its credentials", async () => {
    const again: Caller = { ...alice };
    const callersOfAlice = [alice, again];
    const config = loadConfig({ env: {}, overrides: { limits: { principal_requests_per_second: 10 } } }).limits;
    const limits = new CallLimits({ config, orgRate: () => undefined, now: () => nowMs, count: () => {} });
    let passed = 0;
    for (let n = 0; n < 30; n++) {
      try {
        limits.admit(callersOfAlice[n % 2] ?? alice);
        passed += 1;
      } catch {
        // Beyond the rate.
      }
    }
    expect(passed).toBe(20);
  });

  it("of an org count all its principals together, and nobody else", async () => {
    const check = limited({ org_requests_per_second: 5 });
    expect((await calls(check, "alice", 6)) + (await calls(check, "bob", 6))).toBe(10);
    expect(await calls(check, "carol", 20)).toBe(10);
    expect(await calls(check, "root", 100)).toBe(100);
  });

  it("say when to try again", async () => {
    const check = limited({ principal_requests_per_second: 2, principal_burst: 1 });
    await check({ authorization: "alice", address: "" });
    expect(() => check({ authorization: "alice", address: "" })).toThrow(
      expect.objectContaining({ code: "LimitExceeded", reason: "RATE_LIMIT", retryAfterMs: 500 }),
    );
    nowMs += 500;
    expect(await call(check, "alice")).toBe("ok");
  });

  it("come from the tier or the quotas of the org, as soon as they are known", async () => {
    const facts = new Map([
      ["acme", { tier: "PRO", quotas: "{}" }],
      ["other", { tier: "PRO", quotas: '{"requestsPerSecond":1,"requestBurst":3}' }],
    ]);
    const asked: string[] = [];
    const tiers = { PRO: { requestsPerSecond: 100, burst: 100 } };
    const rates = new OrgRates({
      tiers,
      now: () => nowMs,
      find: async (orgId) => {
        asked.push(orgId);
        return facts.get(orgId);
      },
    });
    const check = limited({ org_requests_per_second: 10, org_burst: 10 }, rates.of);
    for (const name of ["alice", "carol"]) await call(check, name);
    await Promise.resolve();
    expect(await calls(check, "carol", 20)).toBe(3);
    nowMs += 2000;
    expect(await calls(check, "alice", 200)).toBe(100);
    expect(asked).toEqual(["acme", "other"]);
    nowMs += 60_000;
    await call(check, "alice");
    expect(asked).toEqual(["acme", "other", "acme"]);
  });

  it.each(["constructor", "__proto__", "toString", "pro", "PRO ", "ＰＲＯ"])(
    "are the usual ones for the tier %s, which is none of the configured ones",
    async (tier) => {
      const tiers = { PRO: { requestsPerSecond: 100, burst: 100 } };
      const rates = new OrgRates({ tiers, now: () => nowMs, find: async () => ({ tier, quotas: "{}" }) });
      const check = limited({ org_requests_per_second: 10, org_burst: 10 }, rates.of);
      await call(check, "alice");
      await Promise.resolve();
      nowMs += 2000;
      expect(await calls(check, "alice", 200)).toBe(10);
    },
  );
});

describe("wrong credentials", () => {
  it("from one address are answered only so often, and never at the cost of right ones", async () => {
    const check = limited({ failures_per_minute: 60 });
    for (let n = 0; n < 60; n++) expect(await call(check, "guess")).toBe("INVALID_CREDENTIALS");
    expect(await call(check, "guess")).toBe("RATE_LIMIT");
    expect(await calls(check, "alice", 100)).toBe(100);
    expect(await call(check, "guess", "10.0.0.2")).toBe("INVALID_CREDENTIALS");
    nowMs += 1000;
    expect(await call(check, "guess")).toBe("INVALID_CREDENTIALS");
    expect(counts).toEqual(["failures"]);
  });

  it("from one network of IPv6 count together", async () => {
    const check = limited({ failures_per_minute: 1 });
    expect(await call(check, "guess", "2001:db8:0:1::1")).toBe("INVALID_CREDENTIALS");
    expect(await call(check, "guess", "2001:db8:0:1:ffff::2")).toBe("RATE_LIMIT");
    expect(await call(check, "guess", "2001:db8:0:2::1")).toBe("INVALID_CREDENTIALS");
  });

  it("are no guesses when a service is away", async () => {
    const check = limited({ failures_per_minute: 1 });
    for (let n = 0; n < 10; n++) expect(await call(check, "away")).toBe("Unavailable");
  });

  it("may be without a limit", async () => {
    const check = limited({ failures_per_minute: 0 });
    for (let n = 0; n < 1000; n++) expect(await call(check, "guess")).toBe("INVALID_CREDENTIALS");
  });
});
