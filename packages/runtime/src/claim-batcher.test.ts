// Goal: every claimed item reaches exactly the poller line that asked for it, whatever is merged into one statement.
import { DomainError } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { createClaimBatcher, type RankedPoller, type WaitingPollers } from "./claim-batcher.js";

interface Item {
  orgId: string;
  queue: string;
  rank: number;
  kinds: readonly string[];
  workerId: string;
}

const asking = (queue: string, workers: string[], kinds: string[] = [], orgId = "org-1"): WaitingPollers => ({
  orgId,
  queue,
  kinds,
  pollers: workers.map((workerId) => ({ workerId, principal: "Worker/alice", leaseMs: 0 })),
});

/** Claims `available` items of each queue, first ranks first; remembers each statement. */
function claimer(available: number) {
  const statements: (readonly RankedPoller[])[] = [];
  const batcher = createClaimBatcher<Item>({
    name: "test",
    claim: async (pollers) => {
      statements.push(pollers);
      return pollers.filter(({ rank }) => rank <= available);
    },
  });
  return { statements, batcher };
}

const workersOf = (items: readonly Item[]) => items.map(({ workerId }) => workerId);

describe("claim batcher", () => {
  it("merges requests for one queue into one line, first come first served", async () => {
    const { statements, batcher } = claimer(3);
    const [first = [], second = []] = await Promise.all([
      batcher.submit(asking("default", ["a", "b"])),
      batcher.submit(asking("default", ["c", "d"])),
    ]);
    expect(statements.map((pollers) => pollers.map(({ workerId, rank }) => [workerId, rank]))).toEqual([
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
        ["d", 4],
      ],
    ]);
    expect([workersOf(first), workersOf(second)]).toEqual([["a", "b"], ["c"]]);
  });

  it("keeps queues and organisations apart in one statement", async () => {
    const { statements, batcher } = claimer(1);
    const results = await Promise.all([
      batcher.submit(asking("a", ["one", "two"])),
      batcher.submit(asking("b", ["three"])),
      batcher.submit(asking("a", ["four"], [], "org-2")),
      batcher.submit(asking("a/1", ["five"])),
    ]);
    expect(statements).toHaveLength(1);
    expect(results.map(workersOf)).toEqual([["one"], ["three"], ["four"], ["five"]]);
  });

  it("claims another kinds filter of one queue by another statement", async () => {
    const { statements, batcher } = claimer(5);
    const results = await Promise.all([
      batcher.submit(asking("default", ["any"])),
      batcher.submit(asking("default", ["x"], ["pay", "ship"])),
      batcher.submit(asking("default", ["y"], ["ship", "pay", "ship"])),
      batcher.submit(asking("default", ["z"], ["pay\nship"])),
      batcher.submit(asking("other", ["o"], ["pay"])),
    ]);
    expect(statements.map((pollers) => pollers.map(({ workerId }) => workerId))).toEqual([
      ["any", "o"],
      ["x", "y"],
      ["z"],
    ]);
    expect(results.map(workersOf)).toEqual([["any"], ["x"], ["y"], ["z"], ["o"]]);
    expect(statements[1]?.map(({ kinds }) => kinds)).toEqual([
      ["pay", "ship"],
      ["pay", "ship"],
    ]);
  });

  it("hands out what one statement claimed although another one failed", async () => {
    let claims = 0;
    const batcher = createClaimBatcher<Item>({
      name: "test",
      claim: async (pollers) => {
        claims += 1;
        if (pollers.some(({ kinds }) => kinds.includes("broken"))) {
          throw new DomainError("Unavailable", "the database cannot be reached");
        }
        return [...pollers];
      },
    });
    const results = await Promise.allSettled([
      batcher.submit(asking("default", ["a"])),
      batcher.submit(asking("default", ["b"], ["broken"])),
      batcher.submit(asking("default", ["c"])),
    ]);
    expect(
      results.map((result) => (result.status === "fulfilled" ? workersOf(result.value) : result.reason.code)),
    ).toEqual([["a"], "Unavailable", ["c"]]);
    expect(claims).toBe(2);
  });
});
