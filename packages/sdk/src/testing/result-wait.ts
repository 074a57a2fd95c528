import { waitsOf } from "../client/await-result.js";
import { readFacts } from "../client/execution-facts.js";
import { type ResultOptions, resultTable } from "../client/workflow-handle.js";
import { ResultTimeoutError, WorkflowCancelledError, WorkflowFailedError } from "../errors.js";
import { decodeJson } from "../json.js";
import { readOptions } from "../options/read-options.js";
import type { HandleScope } from "./handles.js";
import type { Execution, World } from "./world/world.js";

/**
 * Waits for the end of a workflow, and lets time jump meanwhile. Errors: WorkflowFailedError, WorkflowCancelledError,
 * ResultTimeoutError; Error that says what the workflow waits for when nothing can bring the end any more.
 */
export async function waitForEnd(
  { driver, stuckMs }: HandleScope,
  execution: Execution,
  options: ResultOptions,
): Promise<unknown> {
  const { id } = execution.workflow;
  const { timeout: timeoutMs } = readOptions(options, "result: ", resultTable);
  if (!isEnded(execution)) {
    await driver.until(() => isEnded(execution), {
      stuckMs,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      stuckError: () => new Error(stuckText(driver.world, execution)),
      timeoutError: () => {
        const facts = readFacts(execution.events);
        const waitsFor = waitsOf(facts, execution.workflow.status);
        return new ResultTimeoutError(id, timeoutMs ?? 0, { kind: facts.kind, waitsFor });
      },
    });
  }
  const { status, output, error, cancellation } = execution.workflow;
  if (status === "COMPLETED") return decodeJson(output ?? new Uint8Array(0));
  if (status === "FAILED") {
    const { kind, failedTask } = readFacts(execution.events);
    throw new WorkflowFailedError(id, error ?? "", { kind, failedTask: failedTask(error ?? "") });
  }
  throw new WorkflowCancelledError(id, cancellation?.reason ?? "");
}

function isEnded({ workflow: { status } }: Execution): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}

function stuckText(world: World, { workflow, promises }: Execution): string {
  const waits = [
    ...promises.filter(({ status }) => status === "OPEN").map(({ name }) => `promise ${JSON.stringify(name)}`),
    ...world
      .childrenOf(workflow.id)
      .filter((child) => !isEnded(child))
      .map((child) => `child workflow ${JSON.stringify(child.workflow.childName)}`),
    "a signal",
  ];
  return `workflow "${workflow.kind}" (${workflow.id}) waits for ${waits.join(" or ")}, and nothing brings that any more`;
}
