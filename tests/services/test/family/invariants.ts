import { isWorkflowTerminal } from "@flovyn/domain";
import { expect } from "vitest";
import type { Family, ModelWorkflow } from "./family.js";

interface Pairs {
  begin: string;
  ends: readonly string[];
  key: string;
}

/** What begins once, and ends at most once after that. */
const pairs: readonly Pairs[] = [
  { begin: "TASK_SCHEDULED", ends: ["TASK_COMPLETED", "TASK_FAILED"], key: "taskExecutionId" },
  { begin: "TIMER_STARTED", ends: ["TIMER_FIRED", "TIMER_CANCELLED"], key: "timerId" },
  { begin: "PROMISE_CREATED", ends: ["PROMISE_RESOLVED", "PROMISE_REJECTED", "PROMISE_TIMEOUT"], key: "promiseId" },
  {
    begin: "CHILD_WORKFLOW_INITIATED",
    ends: ["CHILD_WORKFLOW_COMPLETED", "CHILD_WORKFLOW_FAILED"],
    key: "childExecutionName",
  },
];

/** What holds for every family whatever happened to it. */
export function expectSound(family: Family): void {
  for (const model of family.workflows.values()) {
    const { workflow, events } = model;
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
    expect(workflow.sequence).toBe(events.length);
    const ends = events.filter(({ type }) => /^WORKFLOW_(COMPLETED|EXECUTION_FAILED|CANCELLED)$/.test(type));
    expect(ends.length).toBe(isWorkflowTerminal(workflow.status) ? 1 : 0);
    if (ends.length === 1) expect(events.at(-1)).toBe(ends[0]);
    expect([workflow.owesParent, workflow.owesMembers]).toEqual([false, false]);
    for (const pair of pairs) expectPaired(model, pair);
    if (isWorkflowTerminal(workflow.status)) expectClosed(family, workflow.id);
    if (workflow.status === "WAITING") expect(workflow.wakePending).toBe(false);
  }
}

function expectPaired({ events }: ModelWorkflow, { begin, ends, key }: Pairs): void {
  const state = new Map<string, "begun" | "ended">();
  for (const { type, data } of events) {
    if (type !== begin && !ends.includes(type)) continue;
    const of = String(JSON.parse(Buffer.from(data).toString())[key]);
    expect(state.get(of), `${type} ${of}`).toBe(type === begin ? undefined : "begun");
    state.set(of, type === begin ? "begun" : "ended");
  }
}

function expectClosed(family: Family, id: string): void {
  expect(family.timers.filter((one) => one.workflowId === id && one.status === "ARMED")).toEqual([]);
  expect(family.promises.filter((one) => one.workflowId === id && one.status === "OPEN")).toEqual([]);
}
