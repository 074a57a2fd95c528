import { WorkflowStatus } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import { decideTimers, dueAtOf } from "./decide-timers.js";

const plan = { workflows: 4, timersPerWorkflow: 5, firstDueAt: 1000, overMs: 200 };

it("spreads due times evenly over all workflows", () => {
  const dueAt = Array.from({ length: 5 }, (_, timer) =>
    Array.from({ length: 4 }, (_, workflow) => dueAtOf(plan, { workflow, timer })),
  ).flat();
  expect(dueAt).toEqual(Array.from({ length: 20 }, (_, place) => 1000 + place * 10));
});

describe("decideTimers", () => {
  const activate = (types: string[]) => {
    const events = types.map((eventType, index) => ({
      sequenceNumber: index + 1,
      eventType,
      eventData: Buffer.from("{}"),
    }));
    const execution = { id: "a", input: Buffer.from('{"n":0}') };
    const { status, commands } = decideTimers(plan)({ execution, events, polledAt: 0, readAt: 0 });
    return { status, commands: commands.length };
  };
  const started = ["WORKFLOW_STARTED", ...Array.from({ length: 5 }, () => "TIMER_STARTED")];

  it("arms all timers in the first activation, and never again", () => {
    expect(activate(["WORKFLOW_STARTED"])).toEqual({ status: WorkflowStatus.SUSPENDED, commands: 5 });
    expect(activate([...started, "TIMER_FIRED"])).toEqual({ status: WorkflowStatus.SUSPENDED, commands: 0 });
  });

  it("completes when the last timer has fired", () => {
    const fired = (count: number) => Array.from({ length: count }, () => "TIMER_FIRED");
    expect(activate([...started, ...fired(4)]).status).toBe(WorkflowStatus.SUSPENDED);
    expect(activate([...started, ...fired(5)]).status).toBe(WorkflowStatus.COMPLETED);
  });
});
