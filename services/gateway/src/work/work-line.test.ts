import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimPollersMax, type LineOutlet, type LinePoller, WorkLine } from "./work-line.js";

interface TestPoller extends LinePoller {
  id: number;
}

let nextId = 0;

function poller(expired = false): TestPoller {
  return { id: nextId++, place: "new", gone: false, expired };
}

/** Writes down all that a line does. Claims are answered by the test. */
class Recorder implements LineOutlet<TestPoller, string> {
  readonly claims: (readonly TestPoller[])[] = [];
  readonly answers: [TestPoller, string][] = [];
  readonly released: string[] = [];
  readonly unreachable = new Set<TestPoller>();

  claim(pollers: readonly TestPoller[]): void {
    this.claims.push(pollers);
  }
  deliver(to: TestPoller, item: string): boolean {
    if (this.unreachable.has(to)) return false;
    this.answers.push([to, item]);
    return true;
  }
  dismiss(to: TestPoller): void {
    this.answers.push([to, "nothing"]);
  }
  fail(to: TestPoller, error: unknown): void {
    this.answers.push([to, `error ${String(error)}`]);
  }
  release(items: readonly string[]): void {
    this.released.push(...items);
  }
}

function setUp() {
  const seen = new Recorder();
  return { seen, line: new WorkLine<TestPoller, string>(seen) };
}

describe("WorkLine", () => {
  it("claims for the first poller without a hint, because work may be there already", () => {
    const { seen, line } = setUp();
    const first = poller();
    line.park(first);
    expect(seen.claims).toEqual([[first]]);
    line.claimed(["item"]);
    expect(seen.answers).toEqual([[first, "item"]]);
  });

  it("sends no claim for pollers of an idle queue", () => {
    const { seen, line } = setUp();
    line.park(poller());
    line.claimed([]);
    for (let index = 0; index < 1000; index++) {
      const idle = poller();
      line.park(idle);
      line.expire(idle);
    }
    expect(seen.claims).toHaveLength(1);
    expect(seen.answers).toHaveLength(1000);
  });

  it("claims once for all who wait when a hint comes, at most fifty at a time and never two at once", () => {
    const { seen, line } = setUp();
    line.park(poller());
    line.claimed([]);
    for (let index = 0; index < claimPollersMax + 9; index++) line.park(poller());
    expect(seen.claims).toHaveLength(1);
    line.hint();
    line.hint();
    expect(seen.claims.map((pollers) => pollers.length)).toEqual([1, claimPollersMax]);
  });

  it("claims again at once after a claim that found as much as it asked for", () => {
    const { seen, line } = setUp();
    line.park(poller());
    line.park(poller());
    line.claimed(["a"]);
    expect(seen.claims).toHaveLength(2);
  });

  it("does not lose a hint that comes while a claim runs", () => {
    const { seen, line } = setUp();
    line.park(poller());
    line.hint();
    line.claimed([]);
    expect(seen.claims).toHaveLength(2);
    line.claimed([]);
    expect(seen.claims).toHaveLength(2);
  });

  it("keeps a poller whose time ends while a claim runs for it until the claim is answered", () => {
    const { seen, line } = setUp();
    const late = poller();
    line.park(late);
    line.expire(late);
    expect(seen.answers).toEqual([]);
    line.claimed(["item"]);
    expect(seen.answers).toEqual([[late, "item"]]);
  });

  it("makes a claim for a poller that does not want to wait, and answers it after that claim", () => {
    const { seen, line } = setUp();
    line.park(poller());
    line.claimed([]);
    const hasty = poller(true);
    line.park(hasty);
    expect(seen.claims).toHaveLength(2);
    line.claimed([]);
    expect(seen.answers).toEqual([[hasty, "nothing"]]);
  });

  it("gives back the item of a poller that left while its claim ran", () => {
    const { seen, line } = setUp();
    const stays = poller();
    const leaves = poller();
    line.park(stays);
    line.claimed([]);
    line.park(leaves);
    line.hint();
    line.leave(leaves);
    line.claimed(["a", "b"]);
    expect(seen.released).toEqual(["b"]);
    expect(seen.answers).toEqual([[stays, "a"]]);
  });

  it("gives back an item that could not be delivered after all", () => {
    const { seen, line } = setUp();
    const lost = poller();
    seen.unreachable.add(lost);
    line.park(lost);
    line.claimed(["a"]);
    expect(seen.released).toEqual(["a"]);
    expect(line.idle).toBe(true);
  });

  it("tells the pollers of a failed claim and tries again for the others", () => {
    const { seen, line } = setUp();
    const first = poller();
    const second = poller();
    line.park(first);
    line.park(second);
    line.claimFailed("down");
    expect(seen.answers).toEqual([[first, "error down"]]);
    expect(seen.claims).toHaveLength(2);
  });

  it("ends every wait at shutdown but still delivers what is being claimed", () => {
    const { seen, line } = setUp();
    const claiming = poller();
    const waiting = poller();
    line.park(claiming);
    line.park(waiting);
    line.expireAll();
    expect(seen.answers).toEqual([[waiting, "nothing"]]);
    line.claimed(["item"]);
    expect(seen.answers).toEqual([
      [waiting, "nothing"],
      [claiming, "item"],
    ]);
    expect(line.idle).toBe(true);
  });
});

/*
 * Goal: whatever the order in which polls, cancellations, expiries, hints and answers of claims come, no poller is answered
 * twice or after it left, no claimed item is dropped, no claim is sent without a cause and no hint is lost.
 * Approach: random command lists on one line, with the rules checked against a plain account kept by the test.
 */
type Command =
  | { type: "poll"; hasty: boolean }
  | { type: "leave" | "expire"; pick: number }
  | { type: "hint" }
  | { type: "claimed"; share: number }
  | { type: "claimFailed" };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("poll" as const), hasty: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("leave" as const, "expire" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.constant({ type: "hint" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("claimed" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: "claimFailed" as const }) },
);

describe("WorkLine with any interleaving", () => {
  it("answers once, drops nothing, claims with cause, loses no hint", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const { seen, line } = setUp();
        const pollers: TestPoller[] = [];
        const leftAt = new Map<TestPoller, number>();
        let claimedItems = 0;
        let running: readonly TestPoller[] | undefined;
        let claimsSeen = 0;
        // A claim needs a cause: the beginning, a hint, a hasty poller, or a claim that failed or found all it asked for.
        let cause = true;
        let hintSinceClaim = false;

        const watch = () => {
          for (; claimsSeen < seen.claims.length; claimsSeen++) {
            expect(running, "one claim at a time").toBeUndefined();
            expect(cause, "a claim without a cause").toBe(true);
            running = seen.claims[claimsSeen];
            const size = running?.length ?? 0;
            expect(size).toBeGreaterThan(0);
            expect(size).toBeLessThanOrEqual(claimPollersMax);
            hintSinceClaim = false;
          }
          if (running === undefined && line.parked > 0) {
            expect(hintSinceClaim, "a hint was lost").toBe(false);
          }
        };

        const answer = (count: number | undefined) => {
          if (running === undefined) return;
          const asked = running.length;
          running = undefined;
          if (count === undefined) {
            cause = true;
            line.claimFailed("down");
          } else {
            cause = count === asked || hintSinceClaim;
            const items = Array.from({ length: count }, () => `item ${claimedItems++}`);
            line.claimed(items);
          }
          watch();
        };

        for (const step of commands) {
          switch (step.type) {
            case "poll": {
              const next = poller(step.hasty);
              pollers.push(next);
              if (step.hasty) {
                cause = true;
                hintSinceClaim = true;
              }
              line.park(next);
              break;
            }
            case "leave":
            case "expire": {
              const picked = pollers[step.pick % Math.max(1, pollers.length)];
              if (picked === undefined) break;
              if (step.type === "expire") line.expire(picked);
              else if (!leftAt.has(picked)) {
                leftAt.set(picked, seen.answers.length);
                line.leave(picked);
              }
              break;
            }
            case "hint":
              hintSinceClaim = true;
              cause = true;
              line.hint();
              break;
            case "claimed":
              answer(running === undefined ? 0 : Math.round(step.share * running.length));
              break;
            case "claimFailed":
              answer(undefined);
              break;
          }
          watch();
        }

        line.expireAll();
        for (let rounds = 0; running !== undefined; rounds++) {
          expect(rounds, "claims end after the last poller").toBeLessThan(pollers.length + 2);
          answer(running.length);
        }
        expect(line.idle).toBe(true);
        const answered = seen.answers.map(([to]) => to);
        expect(new Set(answered).size, "answered twice").toBe(answered.length);
        seen.answers.forEach(([to], index) => {
          const left = leftAt.get(to);
          if (left !== undefined) expect(left, "answered after it left").toBeGreaterThan(index);
        });
        for (const each of pollers) expect(answered.includes(each) || leftAt.has(each), "never answered").toBe(true);
        const items = [
          ...seen.answers.map(([, item]) => item).filter((item) => item.startsWith("item")),
          ...seen.released,
        ];
        expect(items.length, "an item was dropped or doubled").toBe(claimedItems);
        expect(new Set(items).size).toBe(claimedItems);
      }),
      { numRuns: 500 },
    );
  });
});
