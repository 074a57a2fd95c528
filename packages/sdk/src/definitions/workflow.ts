import { oneOf, version as versionText } from "../options/checks.js";
import { type OptionTable, readMembers } from "../options/read-options.js";
import { definitionTable } from "./definition-options.js";
import type { WorkflowContext } from "./workflow-context.js";

export type OnActivationFailure = "retry" | "fail";

export interface WorkflowOptions<Input, Output> {
  /** The kind under which clients start it. */
  name: string;
  /** `"1.0.0"` when left out. */
  version?: string;
  description?: string;
  tags?: readonly string[];
  /**
   * What becomes of an execution that this worker cannot run, because its code does not fit the history or the history cannot
   * be read. `"retry"` holds it and tries again, less and less often, until a worker can: a deploy heals it. `"fail"` ends it as
   * FAILED at once. `"retry"` when left out.
   */
  onActivationFailure?: OnActivationFailure;
  /**
   * The workflow function. It runs from its beginning whenever something happened, and gets recorded results where history
   * has them. So it must ask for the same things in the same order every time: time, chance and the outside world only
   * through `ctx`.
   */
  run: (ctx: WorkflowContext, input: Input) => Promise<Output> | Output;
}

/** A workflow as registered and started. Input and output travel as JSON. */
export interface WorkflowDefinition<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly onActivationFailure: OnActivationFailure;
  readonly run: (ctx: WorkflowContext, input: Input) => Promise<Output> | Output;
}

/** Any workflow definition, whatever its types. */
export type AnyWorkflow = WorkflowDefinition<never, unknown>;

export const workflowTable = {
  ...definitionTable,
  version: versionText,
  onActivationFailure: oneOf<OnActivationFailure>("retry", "fail"),
} satisfies OptionTable<WorkflowOptions<unknown, unknown>>;

/** Defines a workflow. Errors: RangeError naming the option that is wrong. */
export function workflow<Input = void, Output = void>(
  options: WorkflowOptions<Input, Output>,
): WorkflowDefinition<Input, Output> {
  const { name } = readMembers(options, "workflow: ", { name: workflowTable.name });
  const read = readMembers(options, `workflow ${name}: `, workflowTable);
  const { version = "1.0.0", description = "", tags = [], onActivationFailure = "retry" } = read;
  return Object.freeze({ name, version, description, tags, onActivationFailure, run: options.run.bind(options) });
}
