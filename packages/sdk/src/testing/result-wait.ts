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
      timeoutError: () => new ResultTimeoutError(id, timeoutMs ?? 0),
    });
  }
  const { status, output, error, cancellation } = execution.workflow;
  if (status === "COMPLETED") return decodeJson(output ?? new Uint8Array(0));
  if (status === "FAILED") throw new WorkflowFailedError(id, error ?? "");
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
