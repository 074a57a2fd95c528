import { claim, DomainError } from "@flovyn/domain";
import type { AnyWorkflow } from "../../definitions/workflow.js";
import { type ActivationResult, runActivation } from "../../engine/run-activation.js";
import type { Logger } from "../../logger.js";
import { readThrown } from "../../thrown/read-thrown.js";
import { operationClock } from "./operation-clock.js";
import { submitActivation } from "./submit-activation.js";
import type { Execution, World } from "./world.js";

/** Claims a pending workflow, runs one activation and applies it. Never rejects. */
export async function runExecution(
  world: World,
  execution: Execution,
  { definition, log }: { definition: AnyWorkflow | undefined; log: Logger },
): Promise<void> {
  world.change(execution, claim(execution.workflow, "test"));
  const { claimEpoch } = execution.workflow;
  const result = await activate(world, execution, definition, log);
  try {
    submitActivation(world, execution, { ...result, claimEpoch });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // As the worker does: the same code would ask for the same again.
    const refused = failure(execution, `The server refused what the workflow asked for: ${error.message}`);
    submitActivation(world, execution, { ...refused, claimEpoch });
  }
}

async function activate(
  world: World,
  execution: Execution,
  definition: AnyWorkflow | undefined,
  log: Logger,
): Promise<ActivationResult> {
  const { workflow, input, events } = execution;
  if (definition === undefined) {
    return failure(execution, `no workflow "${workflow.kind}" is registered with the test server`);
  }
  const activation = { executionId: workflow.id, input, timeMillis: world.nowMs, history: [...events] };
  try {
    return await runActivation(definition, activation, { log, clock: operationClock() });
  } catch (error) {
    return failure(execution, `The history cannot be replayed: ${readThrown(error).text}`);
  }
}

function failure({ workflow }: Execution, error: string): ActivationResult {
  return { commands: [], outcome: { status: "FAILED", error, stackTrace: "" }, seenSequence: workflow.sequence };
}
