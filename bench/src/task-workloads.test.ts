import { describe, expect, it } from "vitest";
import { areParts, historyOf, partsOf, taskWorkloads, unaryCallsOf } from "./task-workloads.js";

const { w1, w2, w3, w4 } = taskWorkloads;

describe("historyOf", () => {
  it("has a task end before the next begins in a sequence", () => {
    expect(historyOf(w1)).toEqual(["WORKFLOW_STARTED", "WORKFLOW_COMPLETED"]);
    expect(historyOf(w2)).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED", "WORKFLOW_COMPLETED"]);
    expect(historyOf(w3)).toHaveLength(22);
    expect(historyOf(w3).slice(1, 5)).toEqual(["TASK_SCHEDULED", "TASK_COMPLETED", "TASK_SCHEDULED", "TASK_COMPLETED"]);
  });

  it("has all tasks begin before the first ends in a fan-out", () => {
    const history = historyOf(w4);
    expect(history).toHaveLength(202);
    expect(history.lastIndexOf("TASK_SCHEDULED")).toBe(100);
    expect(history.indexOf("TASK_COMPLETED")).toBe(101);
  });
});

describe("unaryCallsOf", () => {
  it("counts start, activations, tasks and the read of the result", () => {
    expect([w1, w2, w3, w4].map(unaryCallsOf)).toEqual([5, 10, 55, 208]);
  });
});

describe("areParts", () => {
  const parts = partsOf(w3, { n: 7 });

  it("accepts what the tasks were given", () => {
    expect(parts).toHaveLength(10);
    expect(areParts(parts, { n: 7 })).toBe(true);
    expect(areParts([], { n: 7 })).toBe(true);
  });

  it.each([
    ["of another workflow", [{ n: 8, part: 0 }]],
    ["in another order", [{ n: 7, part: 1 }]],
    ["that is nothing", [null]],
  ])("refuses a result %s", (_, results) => {
    expect(areParts(results, { n: 7 })).toBe(false);
  });
});
