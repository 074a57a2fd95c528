import { workSubject } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { ClaimRequest, ClaimResponse, ReleaseRequest, ReleaseResponse } from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { HintChannels } from "../src/hints/hint-channels.js";
import { fallbackClaimAfterMs, workLineIdleMs } from "../src/limits.js";
import { DeadlineWheel } from "../src/work/deadline-wheel.js";
import { anyKind, kindsFilter } from "../src/work/kinds-filter.js";
import type { PollReply } from "../src/work/parked-poll.js";
import { type PollOrder, WorkLines } from "../src/work/work-lines.js";
import { FakeServices, quietLog } from "./fake-services.js";
import { type ChangedBudgets, testBudgets } from "./test-budgets.js";

const orgId = "0190a5c0-0000-7000-8000-000000000001";
const otherOrgId = "0190a5c0-0000-7000-8000-000000000002";
const claimTasks = "internal/ClaimTasks";
const releaseTasks = "internal/ReleaseTasks";

/** What a poll was answered with: the text of the response, `nothing`, or the error. */
class Answer implements PollReply {
  text: string | undefined;
  reachable = true;
  ok(response: Uint8Array): boolean {
    this.text = response.byteLength === 0 ? "nothing" : Buffer.from(response).toString();
    return this.reachable;
  }
  fail(error: unknown): void {
    this.text = error instanceof DomainError ? error.code : String(error);
  }
}

let nowMs: number;
let services: FakeServices;
let wheel: DeadlineWheel;
let hints: HintChannels;
/** Work that the fake tasks service holds. */
let work: string[];

function createLines(changed: ChangedBudgets = {}): WorkLines {
  const budgets = testBudgets(changed);
  return new WorkLines({ bus: services.bus, hints, wheel, log: quietLog as never, now: () => nowMs, budgets });
}

beforeEach(async () => {
  nowMs = 1_000_000;
  work = [];
  services = new FakeServices();
  await services.start("tasks");
  services.answer(claimTasks, ({ payload }) => {
    const { pollers } = ClaimRequest.decode(payload);
    const items = work.splice(0, pollers.length).map((id) => ({ id, claimEpoch: 7, response: Buffer.from(id) }));
    return ClaimResponse.encode({ items }).finish();
  });
  services.answer(releaseTasks, ({ payload }) => {
    work.push(...ReleaseRequest.decode(payload).items.map(({ id }) => id));
    return ReleaseResponse.encode({ released: 1 }).finish();
  });
  wheel = new DeadlineWheel(() => nowMs);
  hints = new HintChannels({ bus: services.bus, log: quietLog as never });
});

function order(change: Partial<PollOrder> = {}): PollOrder {
  const worker = { orgId, principal: "Worker/alice", workerId: "w" };
  return { ...worker, kind: "task", queue: "default", filter: anyKind, leaseMs: 0, holdMs: 50, ...change };
}

function advance(ms: number): void {
  nowMs += ms;
  wheel.advance();
}

const claims = () => services.of(claimTasks).map(({ payload }) => ClaimRequest.decode(payload));
const hint = (queue = "default") => services.bus.hint(workSubject("task", orgId, queue), new Uint8Array());

/** A line whose first claims, at its beginning and when it is subscribed, found nothing. */
async function settleLine(lines: WorkLines, change: Partial<PollOrder> = {}): Promise<void> {
  const before = services.of(claimTasks).length;
  const answer = new Answer();
  lines.poll(order({ ...change, holdMs: 60_000 }), answer);
  await waitFor("the claim after the subscription", () => services.of(claimTasks).length >= before + 2);
  await services.bus.flush();
}

describe("work lines", () => {
  it("answers a poll with the bytes of the item, and says who polls", async () => {
    work = ["a task"];
    const lines = createLines();
    const answer = new Answer();
    lines.poll(order({ filter: kindsFilter(["pay", "charge"]), leaseMs: 7000 }), answer);
    await waitFor("the answer", () => answer.text);
    expect(answer.text).toBe("a task");
    expect(claims()[0]).toEqual({
      orgId,
      queue: "default",
      kinds: ["charge", "pay"],
      pollers: [{ workerId: "w", principal: "Worker/alice", leaseMs: 7000 }],
    });
    expect(lines.parked).toBe(0);
  });

  it("answers with nothing when the hold is over, and costs no claim while the queue is idle", async () => {
    const lines = createLines();
    await settleLine(lines);
    const before = claims().length;
    for (let round = 0; round < 20; round++) {
      const answer = new Answer();
      lines.poll(order(), answer);
      expect(answer.text).toBeUndefined();
      advance(60);
      expect(answer.text).toBe("nothing");
    }
    expect(claims().length).toBe(before);
  });

  it("wakes a waiting poll by a hint of its queue and kind only", async () => {
    const lines = createLines();
    await settleLine(lines);
    const before = claims().length;
    const answer = new Answer();
    lines.poll(order({ holdMs: 60_000 }), answer);
    work = ["late task", "another"];
    hint("other");
    services.bus.hint(workSubject("workflow", orgId, "default"), new Uint8Array());
    await services.bus.flush();
    expect(claims().length).toBe(before);
    hint();
    await waitFor("the answer", () => answer.text);
    expect(answer.text).toBe("another");
  });

  it("gives back what was claimed for a poller that left meanwhile", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    services.answer(claimTasks, async ({ payload }) => {
      await finished;
      const { pollers } = ClaimRequest.decode(payload);
      const items = pollers.map(({ workerId }) => ({ id: workerId, claimEpoch: 7, response: Buffer.from(workerId) }));
      return ClaimResponse.encode({ items }).finish();
    });
    const lines = createLines();
    const answer = new Answer();
    const poll = lines.poll(order({ workerId: "leaves" }), answer);
    expect(poll.leave()).toBe(true);
    expect(poll.leave()).toBe(false);
    expect(lines.parked).toBe(0);
    finish();
    await waitFor("the release", () => work.includes("leaves"));
    expect(answer.text).toBeUndefined();
  });

  it("gives back an item whose caller turned out to be gone while it was answered", async () => {
    work = ["a"];
    const lines = createLines();
    const answer = new Answer();
    answer.reachable = false;
    lines.poll(order(), answer);
    await waitFor("the release", () => services.of(releaseTasks)[0]);
    const released = services.of(releaseTasks)[0];
    expect(ReleaseRequest.decode(released?.payload ?? new Uint8Array()).items).toEqual([{ id: "a", claimEpoch: 7 }]);
  });

  it("passes the error of a claim on to its pollers", async () => {
    services.fail(claimTasks, new DomainError("LimitExceeded", "too much"));
    const lines = createLines();
    const answer = new Answer();
    lines.poll(order(), answer);
    await waitFor("the answer", () => answer.text);
    expect(answer.text).toBe("LimitExceeded");
  });

  it("bounds the lines that an org keeps, and leaves those of others alone", async () => {
    const lines = createLines({ poll_queues: { org: 2 } });
    const first = new Answer();
    lines.poll(order({ queue: "a", holdMs: 0 }), first);
    await waitFor("the answer", () => first.text);
    await services.bus.flush();
    lines.poll(order({ queue: "b", holdMs: 60_000 }), new Answer());
    lines.poll(order({ queue: "c", holdMs: 60_000 }), new Answer());
    expect(lines.size).toBe(2);
    expect(() => lines.poll(order({ queue: "d" }), new Answer())).toThrow(
      expect.objectContaining({
        code: "LimitExceeded",
        message: expect.stringMatching(/^poll_queues: the organization may hold 2 queues/),
      }),
    );
    lines.poll(order({ queue: "c", holdMs: 60_000 }), new Answer());
    lines.poll(order({ orgId: otherOrgId, queue: "d", holdMs: 60_000 }), new Answer());
    expect(lines.size).toBe(3);
  });

  it("bounds what the kinds of an org's pollers keep, and gives it back with their lines", async () => {
    const filter = kindsFilter(["x".repeat(100)]);
    const lines = createLines({ kinds_bytes: { org: 2 * filter.bytes } });
    for (const queue of ["a", "b"]) lines.poll(order({ queue, filter, holdMs: 60_000 }), new Answer());
    // The same kinds on the same queue are kept once.
    lines.poll(order({ queue: "b", filter, holdMs: 60_000 }), new Answer());
    expect(() => lines.poll(order({ queue: "c", filter }), new Answer())).toThrow(/^kinds_bytes: the organization/);
    expect(lines.size).toBe(2);
    lines.poll(order({ queue: "c", filter: anyKind, holdMs: 60_000 }), new Answer());
    lines.drain();
    await services.bus.flush();
    nowMs += workLineIdleMs;
    lines.pass();
    expect(lines.size).toBe(0);
  });

  it("looks for work without a hint after a while, one line per pass", async () => {
    const lines = createLines();
    await settleLine(lines, { queue: "a" });
    await settleLine(lines, { queue: "b" });
    const before = claims().length;
    lines.pass();
    expect(claims().length).toBe(before);
    nowMs += fallbackClaimAfterMs;
    lines.pass();
    await waitFor("the slow claim", () => claims().length === before + 1);
    lines.pass();
    await waitFor("the slow claim of the other line", () => claims().length === before + 2);
  });

  it("forgets a line, and its subscription, after a while without polls", async () => {
    const lines = createLines();
    const answer = new Answer();
    lines.poll(order(), answer);
    await services.bus.flush();
    await waitFor("the first claims", () => claims().length >= 1);
    advance(60);
    await waitFor("the answer", () => answer.text);
    await services.bus.flush();
    expect(hints.size).toBe(1);
    nowMs += workLineIdleMs;
    await waitFor("the line to be idle and dropped", () => {
      lines.pass();
      return lines.size === 0;
    });
    expect(hints.size).toBe(0);
  });

  it("answers everybody at shutdown, and later polls at once", async () => {
    const lines = createLines();
    await settleLine(lines);
    const waiting = new Answer();
    lines.poll(order({ holdMs: 60_000 }), waiting);
    lines.drain();
    expect(waiting.text).toBe("nothing");
    const late = new Answer();
    lines.poll(order({ holdMs: 60_000 }), late);
    expect(late.text).toBe("nothing");
    expect(lines.parked).toBe(0);
  });
});
