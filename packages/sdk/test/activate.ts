import { type WorkflowOptions, workflow } from "../src/definitions/workflow.js";
import { type ActivationOptions, type ActivationResult, runActivation } from "../src/engine/run-activation.js";
import { decodeJson } from "../src/json.js";
import { silentLogger } from "../src/logger.js";
import { SimulatedWorkflow } from "./simulated-workflow.js";

export const executionId = "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e";
/** Version 5 UUIDs of `<executionId>:0` and `<executionId>:1` in the namespace of the execution, made by another program. */
export const firstId = "87121f31-cc4b-575f-9019-3ffcd1f44c33";
export const secondId = "276aa4f1-1416-53e0-8710-89de808038b5";

export type Run = WorkflowOptions<unknown, unknown>["run"];

export function activate(
  run: Run,
  simulated = new SimulatedWorkflow(),
  options: Partial<ActivationOptions> & { timeMillis?: number } = {},
): Promise<ActivationResult> {
  const { timeMillis = 1_750_000_000_000, ...rest } = options;
  const input = Buffer.from(JSON.stringify({ n: 1 }));
  const activation = { executionId, input, timeMillis, history: simulated.history() };
  return runActivation(workflow({ name: "tested", run }), activation, { log: silentLogger, ...rest });
}

/** Activates, submits, and gives the result of the activation. */
export async function step(simulated: SimulatedWorkflow, run: Run): Promise<ActivationResult> {
  const result = await activate(run, simulated);
  simulated.submit(result);
  return result;
}

export function output(result: ActivationResult): unknown {
  if (result.outcome.status !== "COMPLETED") throw new Error(`the activation is ${JSON.stringify(result.outcome)}`);
  return decodeJson(result.outcome.output);
}
