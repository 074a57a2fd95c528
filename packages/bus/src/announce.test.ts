/**
 * What is hinted after a commit. Method: the in-process bus, and what its subscribers have received when it is flushed.
 */
import type { LifecycleMove } from "@flovyn/domain";
import { EndedHint, LifecycleHint } from "@flovyn/proto/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordingLog } from "../test/support.js";
import { announce } from "./announce.js";
import type { Bus } from "./bus.js";
import { createInProcessBus } from "./in-process-bus.js";
import { hintLifecycle, lifecycleErrorMax } from "./lifecycle-hints.js";
import { endedSubject, type HintSubject, lifecycleSubject, workSubject } from "./subjects.js";
import { hintWork, type WorkHint } from "./work-hints.js";

const [orgA, orgB] = ["01a1fd39-0000-7000-8000-00000000000a", "01a1fd39-0000-7000-8000-00000000000b"];

let bus: Bus;
beforeEach(() => {
  bus = createInProcessBus({ log: recordingLog() });
});
afterEach(() => bus.drain());

/** Payloads that arrive under a subject. */
async function listen(subject: HintSubject): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  await bus.subscribe(subject, (payload) => void payloads.push(payload));
  return payloads;
}

const work = (queue: string, more: Partial<WorkHint> = {}): WorkHint => ({
  ...{ kind: "workflow", orgId: orgA, queue, ...more },
});
const move = (more: Partial<LifecycleMove> = {}): LifecycleMove => ({
  ...{ orgId: orgA, workflowId: "w", event: "WORKFLOW_RESUMED", kind: "order", status: "PENDING", timestampMs: 5 },
  ...more,
});

describe("hints of work", () => {
  it("are one message for each queue and kind of work, however many items there are", async () => {
    const [workflows, tasks, other, foreign] = [
      await listen(workSubject("workflow", orgA, "q")),
      await listen(workSubject("task", orgA, "q")),
      await listen(workSubject("workflow", orgA, "other")),
      await listen(workSubject("workflow", orgB, "q")),
    ];
    hintWork(bus, [work("q"), work("q"), work("q", { kind: "task" }), work("q"), work("q", { orgId: orgB })]);
    await bus.flush();
    expect([workflows, tasks, other, foreign].map((payloads) => payloads.length)).toEqual([1, 1, 0, 1]);
    expect(workflows[0]).toHaveLength(0);
  });
});

describe("lifecycle hints", () => {
  it("are one message for each org, with the moves of its executions in order", async () => {
    const [ours, theirs] = [await listen(lifecycleSubject(orgA)), await listen(lifecycleSubject(orgB))];
    hintLifecycle(bus, [
      move({ event: "WORKFLOW_SUSPENDED", status: "WAITING", suspendType: "SUSPEND_TYPE_SIGNAL" }),
      move({ orgId: orgB, workflowId: "v", event: "WORKFLOW_FAILED", status: "FAILED", error: "no", parentId: "p" }),
      move(),
    ]);
    await bus.flush();
    expect(ours).toHaveLength(1);
    const same = { workflowExecutionId: "w", kind: "order", timestampMs: 5, error: undefined, workerId: undefined };
    expect(LifecycleHint.decode(ours[0] as Uint8Array).events).toEqual([
      {
        ...{ ...same, parentWorkflowExecutionId: undefined },
        ...{ event: "WORKFLOW_SUSPENDED", status: "WAITING", suspendType: "SUSPEND_TYPE_SIGNAL" },
      },
      {
        ...{ ...same, parentWorkflowExecutionId: undefined },
        ...{ event: "WORKFLOW_RESUMED", status: "PENDING", suspendType: undefined },
      },
    ]);
    expect(theirs).toHaveLength(1);
    expect(LifecycleHint.decode(theirs[0] as Uint8Array).events).toMatchObject([
      { workflowExecutionId: "v", event: "WORKFLOW_FAILED", error: "no", parentWorkflowExecutionId: "p" },
    ]);
  });

  it("carry the beginning of a long error, in as many messages as the broker's limit takes", async () => {
    const payloads = await listen(lifecycleSubject(orgA));
    const failed = (index: number) =>
      move({ workflowId: `w${index}`, event: "WORKFLOW_FAILED", status: "FAILED", error: "\u{20ac}".repeat(65_536) });
    hintLifecycle(
      bus,
      Array.from({ length: 500 }, (_, index) => failed(index)),
    );
    await bus.flush();
    for (const payload of payloads) expect(payload.byteLength).toBeLessThan(1024 * 1024);
    const events = payloads.flatMap((payload) => LifecycleHint.decode(payload).events);
    expect(events.map(({ workflowExecutionId }) => workflowExecutionId)).toEqual(
      Array.from({ length: 500 }, (_, index) => `w${index}`),
    );
    expect(new Set(events.map(({ error }) => error))).toEqual(new Set(["\u{20ac}".repeat(lifecycleErrorMax)]));
  });

  it("are none when nothing moved", async () => {
    const payloads = await listen(lifecycleSubject(orgA));
    hintLifecycle(bus, []);
    await bus.flush();
    expect(payloads).toEqual([]);
  });
});

describe("announce", () => {
  it("hints the queues that changes woke, further ones, the moves at the given time, and what ended", async () => {
    const [woken, further, moves, ended] = [
      await listen(workSubject("workflow", orgA, "q")),
      await listen(workSubject("task", orgA, "t")),
      await listen(lifecycleSubject(orgA)),
      await listen(endedSubject(orgA)),
    ];
    const changes = {
      wakes: () => [work("q"), work("q")],
      moves: (now: number) => [move({ timestampMs: now })],
      ended: () => [orgA, orgB, orgA].map((orgId, index) => ({ orgId, id: `w${index}` })),
    };
    announce(bus, changes, 77, [work("t", { kind: "task" })]);
    await bus.flush();
    expect([woken.length, further.length]).toEqual([1, 1]);
    expect(LifecycleHint.decode(moves[0] as Uint8Array).events.map((event) => event.timestampMs)).toEqual([77]);
    expect(ended.map((payload) => EndedHint.decode(payload).workflowExecutionIds)).toEqual([["w0", "w2"]]);
  });
});
