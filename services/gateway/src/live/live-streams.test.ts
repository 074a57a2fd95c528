import { type Bus, createInProcessBus, type HintSubject, lifecycleSubject, streamSubject } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { LifecycleEvent, LifecycleHint, StreamHint } from "@flovyn/proto/internal";
import { createLogger, createMetrics } from "@flovyn/runtime";
import { beforeEach, describe, expect, it } from "vitest";
import { unaudited, unlimitedHeldCalls } from "../../test/held-calls.js";
import { readEvents } from "../../test/sse-client.js";
import { testBudgets } from "../../test/test-budgets.js";
import { HeldCalls } from "../auth/held-calls.js";
import { HintChannels } from "../hints/hint-channels.js";
import { followedChildrenMax } from "../limits.js";
import { createGatewayMetrics } from "../metrics.js";
import { DeadlineWheel } from "../work/deadline-wheel.js";
import { streamTypes } from "./live-event.js";
import { LiveStreams, type LiveStreamsOptions } from "./live-streams.js";

const log = createLogger({ service: "test", level: "silent" });
const orgId = newId();
const parent = newId();
const order = { orgId, executionId: parent, streamId: parent, children: true, types: new Set(streamTypes) };

const caller = { orgId, principalType: "User", principalId: "alice" } as const;
const watcher = { caller, check: () => {}, facts: () => unaudited, cut: () => {} };

let bus: Bus;
let hints: HintChannels;

beforeEach(() => {
  bus = createInProcessBus({ log });
  hints = new HintChannels({ bus, log });
});

function create(change: Partial<LiveStreamsOptions> = {}): LiveStreams {
  const metrics = createGatewayMetrics(createMetrics({ service: "test", processMetrics: false }));
  const now = () => 0;
  const held = unlimitedHeldCalls();
  const { stream_buffer_bytes: buffer } = testBudgets();
  return new LiveStreams({ hints, wheel: new DeadlineWheel(now), now, log, metrics, held, buffer, ...change });
}

/** What arrived so far, of a reader that takes everything at once. */
async function open(streams: LiveStreams) {
  const reader = (await streams.open(order, watcher)).getReader();
  let text = "";
  const readOn = async (): Promise<void> => {
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      text += new TextDecoder().decode(value);
    }
  };
  void readOn();
  return {
    leave: () => reader.cancel(),
    async seen() {
      await bus.flush();
      return readEvents(text).events.map(
        ({ data }) => JSON.parse(data) as { workflowExecutionId: string; data: unknown },
      );
    },
  };
}

async function happens(id: string, event: string, status: string): Promise<void> {
  const events = [
    LifecycleEvent.fromPartial({ workflowExecutionId: id, parentWorkflowExecutionId: parent, event, status }),
  ];
  bus.hint(lifecycleSubject(orgId), LifecycleHint.encode({ events }).finish());
  await bus.flush();
}

async function token(id: string): Promise<void> {
  const chunk = StreamHint.fromPartial({ workflowExecutionId: id, type: "token", payload: '{"text":"t"}' });
  bus.hint(streamSubject(orgId, id), StreamHint.encode(chunk).finish());
  await bus.flush();
}

describe("live streams", () => {
  it("follow so many children, and let one that ended make room for the next", async () => {
    const stream = await open(create());
    const children = Array.from({ length: followedChildrenMax }, () => newId());
    for (const child of children) await happens(child, "WORKFLOW_CREATED", "PENDING");
    const [first, second] = children as [string, string];
    const late = newId();
    await happens(late, "WORKFLOW_CREATED", "PENDING");
    await token(late);
    await happens(first, "WORKFLOW_COMPLETED", "COMPLETED");
    await token(first);
    await happens(late, "WORKFLOW_RESUMED", "PENDING");
    await token(late);
    await token(first);
    await token(second);
    const seen = (await stream.seen()).slice(followedChildrenMax);
    expect(
      seen.map(({ workflowExecutionId, data }) => [workflowExecutionId, (data as { event?: string }).event ?? data]),
    ).toEqual([
      [first, "WORKFLOW_COMPLETED"],
      [first, "t"],
      [late, "WORKFLOW_RESUMED"],
      [late, "t"],
      [second, "t"],
    ]);
    expect(hints.size).toBe(followedChildrenMax + 2);
    await stream.leave();
    expect(hints.size).toBe(0);
  });

  it("share the subscription and the decoding of an org", async () => {
    const streams = create();
    const subjects: HintSubject[] = [];
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = (subject, handler) => {
      subjects.push(subject);
      return subscribe(subject, handler);
    };
    const [first, second] = [await open(streams), await open(streams)];
    expect(subjects.sort()).toEqual([lifecycleSubject(orgId), streamSubject(orgId, parent)].sort());
    await first.leave();
    await happens(parent, "WORKFLOW_COMPLETED", "COMPLETED");
    expect(await second.seen()).toHaveLength(1);
    expect(await first.seen()).toEqual([]);
    expect([streams.size, hints.size]).toEqual([1, 2]);
  });

  it("are refused beyond the limit, until one ends", async () => {
    const { held_streams, held_polls } = testBudgets({ held_streams: { org: 1 } });
    const budgets = { streams: held_streams, polls: held_polls };
    const streams = create({ held: new HeldCalls({ now: () => 0, budgets, denied: () => {}, log }) });
    const stream = await open(streams);
    await expect(open(streams)).rejects.toMatchObject({ code: "LimitExceeded" });
    await stream.leave();
    await open(streams);
    expect(streams.size).toBe(1);
  });

  it("are refused while nothing can be subscribed to", async () => {
    bus.subscribe = () => Promise.reject(new Error("the broker is away"));
    const streams = create({ subscribeMs: 1 });
    await expect(open(streams)).rejects.toMatchObject({ code: "Unavailable" });
    expect([streams.size, hints.size]).toEqual([0, 0]);
  });

  it("that end before they begin leave no subscription behind", async () => {
    const held = unlimitedHeldCalls();
    held.mayEnd(caller, 0);
    const streams = create({ held });
    const reader = (await streams.open(order, watcher)).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("the key is not valid any more");
    expect((await reader.read()).done).toBe(true);
    expect([streams.size, hints.size]).toEqual([0, 0]);
  });

  it("end at once when the gateway goes away already", async () => {
    const streams = create();
    streams.drain();
    const reader = (await streams.open(order, watcher)).getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toContain("this server goes away");
    expect((await reader.read()).done).toBe(true);
    expect([streams.size, hints.size]).toEqual([0, 0]);
  });
});
