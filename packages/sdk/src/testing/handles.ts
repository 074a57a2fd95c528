import { WorkflowQueryError } from "../errors.js";
import { decodeJson } from "../json.js";
import type { Driver } from "./driver.js";
import { waitForEnd } from "./result-wait.js";
import type { TestEvent, TestHandle, TestTask } from "./test-handle.js";
import type { TestServer } from "./test-server.js";
import { cancelExecution } from "./world/end-execution.js";
import { queryState } from "./world/messages.js";
import type { Execution, TaskEntry } from "./world/world.js";

export interface HandleScope {
  readonly server: TestServer;
  readonly driver: Driver;
  readonly stuckMs: number;
}

export function createTestHandle(scope: HandleScope, execution: Execution, isNew: boolean): TestHandle<unknown> {
  const { server, driver } = scope;
  const { world } = driver;
  const { id } = execution.workflow;
  return {
    id,
    isNew,
    result: (options = {}) => waitForEnd(scope, execution, options),
    signal: (name, value, options) => server.signal(id, name, value, options),
    query: async (name) => {
      const value = queryState(execution, name);
      const problem = `the workflow has no state under ${name}`;
      if (value === undefined) throw new WorkflowQueryError({ workflowId: id, name }, problem);
      return decodeJson(value) as never;
    },
    cancel: async (reason = "", { cascadeToChildren: withChildren = true } = {}) =>
      cancelExecution(world, execution, { reason, actor: { type: "user", id: "test" }, withChildren }).cancelled,
    status: () => execution.workflow.status,
    history: () => execution.events.map(toTestEvent),
    tasks: () => world.tasksOf(id).map(toTestTask),
    child: (name) => {
      const child = world.childrenOf(id).find(({ workflow }) => workflow.childName === name);
      if (child === undefined) throw new Error(`workflow ${id} has no child ${JSON.stringify(name)}`);
      return createTestHandle(scope, child, false) as TestHandle<never>;
    },
  };
}

function toTestEvent({ sequence, type, data }: { sequence: number; type: string; data: Uint8Array }): TestEvent {
  return { sequence, type, data: decodeJson(data) as TestEvent["data"] };
}

function toTestTask({ task, input, record }: TaskEntry): TestTask {
  const { id, kind, status, executionCount: attempts } = task;
  return { id, kind, status, attempts, input: decodeJson(input), recorded: record };
}
