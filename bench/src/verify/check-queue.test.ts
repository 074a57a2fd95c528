import { describe, expect, it } from "vitest";
import { historyOf, taskWorkloads } from "../task-workloads.js";
import { problemsOf, type QueueFacts } from "./check-queue.js";

const history = "1 WORKFLOW_STARTED, 2 TASK_SCHEDULED, 3 TASK_COMPLETED, 4 WORKFLOW_COMPLETED";
const expected = { history: historyOf(taskWorkloads.w2), workflows: 3, tasks: 3, ids: 3, taskRuns: 3 };
const good: QueueFacts = {
  workflows: { COMPLETED: 3 },
  known: 3,
  wrongOutputs: 0,
  histories: { [history]: 3 },
  tasks: { COMPLETED: 3 },
  repeatedTasks: 0,
};

describe("problemsOf", () => {
  it("finds nothing when every workflow ran exactly once", () => {
    expect(problemsOf(good, expected)).toEqual([]);
  });

  it.each<[string, Partial<QueueFacts>]>([
    ["a workflow that is not completed", { workflows: { COMPLETED: 2, RUNNING: 1 } }],
    ["a workflow too many", { workflows: { COMPLETED: 4 } }],
    ["a workflow nobody started", { known: 2 }],
    ["a wrong output", { wrongOutputs: 1 }],
    ["another history", { histories: { [history]: 2, "1 WORKFLOW_STARTED": 1 } }],
    ["a lost task", { tasks: { COMPLETED: 2 } }],
    ["a task that ran twice", { repeatedTasks: 1 }],
  ])("names %s", (_, change) => {
    expect(problemsOf({ ...good, ...change }, expected)).toHaveLength(1);
  });

  it("names a start that returned an id twice, and a task that a worker got twice", () => {
    expect(problemsOf(good, { ...expected, ids: 2 })).toHaveLength(1);
    expect(problemsOf(good, { ...expected, taskRuns: 4 })).toHaveLength(1);
  });

  it("expects no tasks of a workflow without any", () => {
    const empty = { ...good, histories: { "1 WORKFLOW_STARTED, 2 WORKFLOW_COMPLETED": 3 }, tasks: {} };
    const history = historyOf(taskWorkloads.w1);
    expect(problemsOf(empty, { ...expected, history, tasks: 0, taskRuns: 0 })).toEqual([]);
  });
});
