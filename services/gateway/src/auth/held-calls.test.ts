import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import type { CallFacts } from "../audit/auditor.js";
import { HeldCalls, type HeldKind } from "./held-calls.js";

let now: number;
let held: HeldCalls;
let refused: number;
let ends: string[];
let told: string[];

beforeEach(() => {
  [now, refused, ends, told] = [0, 0, [], []];
  held = create();
});

function create(): HeldCalls {
  const changed = { held_streams: { principal: 2 }, held_polls: { principal: 3 } };
  const { held_streams: streams, held_polls: polls } = testBudgets(changed, { refused: () => refused++ });
  return new HeldCalls({ now: () => now, budgets: { streams, polls }, denied, log: silentLog });
}

function denied({ caller, action }: CallFacts, { reason }: DomainError): void {
  told.push(`${caller?.principalId} ${action} ${reason}`);
}

const alice: Caller = { orgId: "acme", principalType: "User", principalId: "alice" };
const bob: Caller = { orgId: "acme", principalType: "User", principalId: "bob" };

function hold(caller: Caller, kind: HeldKind = "streams", check: () => void | Promise<void> = () => {}): () => void {
  return held.hold({
    ...{ caller, kind, check },
    facts: () => ({ ...{ door: "grpc", caller, action: "pollTask" }, resourceId: "", address: "::1", requestId: "r" }),
    end: (why) => ends.push(`${caller.principalId} ${kind} ${why.reason}`),
  });
}

const forbidden = () => {
  throw new DomainError("Forbidden", "no");
};

describe("what one principal may hold", () => {
  it("is limited by kind, whatever credentials it has, and comes back when it lets go", () => {
    const again = { ...alice };
    const release = hold(alice);
    hold(again);
    for (const caller of [alice, again]) {
      expect(() => hold(caller)).toThrow(
        expect.objectContaining({
          code: "LimitExceeded",
          reason: "BUDGET_EXCEEDED",
          message: expect.stringMatching(/^held_streams: one key may hold 2 streams/),
        }),
      );
    }
    for (let n = 0; n < 3; n++) hold(alice, "polls");
    expect(() => hold(alice, "polls")).toThrow(/^held_polls: /);
    hold(bob);
    expect(refused).toBe(3);
    release();
    release();
    hold(alice);
    expect(() => hold(alice)).toThrow();
  });

  it("comes back with calls that were ended", async () => {
    held.mayEnd(alice);
    hold(alice);
    hold(alice, "streams", forbidden);
    await held.recheck();
    hold(alice);
    held.end(alice);
    hold(alice);
    hold(alice);
    expect(() => hold(alice)).toThrow();
  });
});

describe("a credential that ends", () => {
  it("ends what is open under it and nothing else", () => {
    const again = { ...alice };
    held.mayEnd(alice);
    held.mayEnd(again);
    hold(alice, "polls");
    hold(again, "polls");
    hold(bob, "polls");
    const release = hold(alice, "polls");
    release();
    held.end(alice);
    expect(ends).toEqual(["alice polls CREDENTIAL_ENDED"]);
    held.end(alice);
    expect(ends.length).toBe(1);
  });

  it("does so when it expires, at the next look", () => {
    held.mayEnd(alice, 1000);
    hold(alice);
    hold(bob);
    now = 999;
    held.sweep();
    expect(ends).toEqual([]);
    now = 1000;
    held.sweep();
    expect([ends, told]).toEqual([["alice streams CREDENTIAL_ENDED"], []]);
  });

  it("and had ended before the call was held ends it soon", async () => {
    held.mayEnd(alice, 1000);
    now = 1000;
    hold(alice);
    expect(ends).toEqual([]);
    await Promise.resolve();
    expect(ends).toEqual(["alice streams CREDENTIAL_ENDED"]);
  });
});

describe("policies that change", () => {
  it("end what they do not allow any more, or fail to judge", async () => {
    hold(alice);
    hold(alice, "polls", forbidden);
    hold(bob, "polls", async () => Promise.reject(new Error("a body that cannot be read again")));
    hold(bob);
    await held.recheck();
    expect(ends.sort()).toEqual(["alice polls NOT_ALLOWED", "bob polls NOT_ALLOWED"]);
    expect(told.sort()).toEqual(["alice pollTask NOT_ALLOWED", "bob pollTask NOT_ALLOWED"]);
  });

  it("end also what cannot be told to the audit log, and the others with it", async () => {
    const facts = () => {
      throw new Error("a request that cannot be read");
    };
    held.hold({ caller: bob, kind: "polls", check: forbidden, facts, end: () => ends.push("untold") });
    hold(alice, "polls", forbidden);
    await held.recheck();
    expect(ends.sort()).toEqual(["alice polls NOT_ALLOWED", "untold"]);
    expect(told).toEqual(["alice pollTask NOT_ALLOWED"]);
  });

  it("do not end a call that was released while they were asked", async () => {
    let answer = () => {};
    const asked = new Promise<void>((_resolve, reject) => {
      answer = () => reject(new DomainError("Forbidden", "no"));
    });
    const release = hold(alice, "streams", () => asked);
    const done = held.recheck();
    release();
    answer();
    await done;
    expect([ends, told]).toEqual([[], []]);
  });
});
