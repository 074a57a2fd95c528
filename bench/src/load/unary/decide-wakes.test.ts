import { type WorkflowEvent, WorkflowStatus } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import type { WakeName } from "../job.js";
import { decideWakes } from "./decide-wakes.js";

function activate(wake: WakeName, types: [type: string, data: object][]) {
  const seen: number[] = [];
  const decide = decideWakes({ wake, wakesPerWorkflow: 2, onSeen: ({ part }) => seen.push(part) });
  const events: WorkflowEvent[] = types.map(([eventType, data], index) => ({
    sequenceNumber: index + 1,
    eventType,
    eventData: Buffer.from(JSON.stringify(data)),
  }));
  const execution = { id: "a", input: Buffer.from("1") };
  const { status, commands } = decide({ execution, events, polledAt: 0, readAt: 0 });
  return { status, commands: commands.length, seen };
}

const started: [string, object] = ["WORKFLOW_STARTED", {}];

describe("decideWakes", () => {
  it("waits for signals without a command, and creates its promises first", () => {
    expect(activate("signal", [started])).toEqual({ status: WorkflowStatus.SUSPENDED, commands: 0, seen: [] });
    expect(activate("promise", [started])).toEqual({ status: WorkflowStatus.SUSPENDED, commands: 2, seen: [] });
  });

  it("sees what woke it, and completes when it has seen all", () => {
    const signal = (part: number): [string, object] => ["SIGNAL_RECEIVED", { signalValue: { part } }];
    expect(activate("signal", [started, signal(1)])).toMatchObject({ status: WorkflowStatus.SUSPENDED, seen: [1] });
    expect(activate("signal", [started, signal(1), signal(0)])).toMatchObject({
      status: WorkflowStatus.COMPLETED,
      seen: [1, 0],
    });
  });

  it("does not create its promises again", () => {
    const created: [string, object] = ["PROMISE_CREATED", {}];
    const resolved: [string, object] = ["PROMISE_RESOLVED", { value: { part: 0 } }];
    expect(activate("promise", [started, created, created, resolved])).toEqual({
      status: WorkflowStatus.SUSPENDED,
      commands: 0,
      seen: [0],
    });
  });
});
