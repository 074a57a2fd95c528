import { shortHistory } from "./short-history.js";

/** What the database holds for the workflows and tasks of one queue. */
export interface QueueFacts {
  /** Executions by status. */
  workflows: Record<string, number>;
  /** Of these, how many have an id that a start returned. */
  known: number;
  /** Executions whose output is not their input. */
  wrongOutputs: number;
  /** Executions by history, in short. */
  histories: Record<string, number>;
  /** Tasks by status. */
  tasks: Record<string, number>;
  /** Tasks that were handed out more than once, or have more than one attempt. */
  repeatedTasks: number;
}

export interface Expected {
  workflows: number;
  /** The only history a workflow may have: event types in order. */
  history: readonly string[];
  /** Of all workflows together. */
  tasks: number;
  /** Distinct ids that the starts returned. */
  ids: number;
  /** Tasks that workers were handed. */
  taskRuns: number;
}

/** Everything that is not as it must be, one sentence each; nothing when every workflow ran exactly once. */
export function problemsOf(facts: QueueFacts, expected: Expected): string[] {
  const { workflows, tasks } = expected;
  const problems: string[] = [];
  const expect = (what: string, is: unknown, should: unknown) => {
    const [found, wanted] = [JSON.stringify(is), JSON.stringify(should)];
    if (found !== wanted) problems.push(`${what}: expected ${wanted}, found ${found}`);
  };
  expect("distinct ids returned by the starts", expected.ids, workflows);
  expect("workflows by status", facts.workflows, { COMPLETED: workflows });
  expect("workflows with an id that a start returned", facts.known, workflows);
  expect("workflows with a wrong output", facts.wrongOutputs, 0);
  expect("workflows by history", facts.histories, { [shortHistory(expected.history)]: workflows });
  expect("tasks by status", facts.tasks, tasks === 0 ? {} : { COMPLETED: tasks });
  expect("tasks that ran more than once", facts.repeatedTasks, 0);
  expect("tasks handed to workers", expected.taskRuns, tasks);
  return problems;
}
