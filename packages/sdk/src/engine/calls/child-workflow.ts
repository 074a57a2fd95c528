import { childWorkflowTable } from "../../definitions/call-options.js";
import type { WorkflowDefinition } from "../../definitions/workflow.js";
import type { ChildWorkflowOptions } from "../../definitions/workflow-context.js";
import type { ChildWorkflowPromise } from "../../definitions/workflow-promises.js";
import { ChildWorkflowFailedError } from "../../errors.js";
import { decodeJson, encodeJson } from "../../json.js";
import { definition, freeName } from "../../options/checks.js";
import { type Read, readOptions } from "../../options/read-options.js";
import type { ScheduleChildWorkflow } from "../commands.js";
import { childKey } from "../event-catalogue.js";
import type { RecordedEvent } from "../history.js";
import { neverSettles, type QuietPromise, quietPromise, quietRejection } from "../quiet-promise.js";
import { cancelChild } from "./cancel-child.js";
import type { ActivationScope } from "./scope.js";

/** A child as the code has it. */
export interface Child {
  readonly name: string;
  readonly id: string;
  cancelRequested: boolean;
}

/** By name. */
export type Children = Map<string, Child>;

export type WorkflowReference = string | Pick<WorkflowDefinition<never>, "name">;

/**
 * Schedules a child workflow, or joins the one that an earlier activation scheduled here. Errors: RangeError as a rejection
 * when the name is taken or cannot be one.
 */
export function scheduleChild(
  scope: ActivationScope,
  workflow: WorkflowReference,
  input: unknown,
  options: ChildWorkflowOptions = {},
): ChildWorkflowPromise<unknown> {
  const { replay, children } = scope;
  let kind: string;
  let name: string;
  let read: Read<typeof childWorkflowTable>;
  try {
    // Before the call takes its position: a call that is refused here leaves no event to match later.
    kind = definition(workflow, "ctx.scheduleWorkflow: workflow");
    read = readOptions(options, `ctx.scheduleWorkflow(${JSON.stringify(kind)}): `, childWorkflowTable);
    name = readName(scope, kind, read.name);
  } catch (error) {
    return withoutChild(quietRejection(error), "");
  }
  // An id is taken for a known call too, so that the ids after it stay the same.
  const newId = scope.newId();
  const event = replay.match({
    callType: "child",
    text: `schedule child workflow ${JSON.stringify(name)} of kind ${JSON.stringify(kind)}`,
    input: () => decodeJson(encodeJson(input, `the input of child workflow ${JSON.stringify(name)}`)),
    matches: ({ data }) => data.childExecutionName === name && (data.childWorkflowKind || kind) === kind,
  });
  if (event === undefined) {
    const { queue, priority: prioritySeconds } = read;
    const command = { type: "SCHEDULE_CHILD_WORKFLOW", name, workflowId: newId, kind, queue, prioritySeconds } as const;
    addCommand(scope, command, input);
  }
  if (replay.fatal !== undefined) return withoutChild(neverSettles(), name);
  // A server may have given the child another id; the one in history counts.
  const child: Child = { name, id: event === undefined ? newId : idOf(event), cancelRequested: false };
  children.set(name, child);
  const result = quietPromise<unknown>();
  replay.awaitOutcome("child", childKey(name), (outcome) => settle(result, child, outcome));
  const cancel = (reason?: string) => cancelChild(scope, child.id, reason);
  return Object.assign(result.promise, { id: child.id, name, cancel });
}

/** Ends are found by name, so a name stands for one child. */
function readName(scope: ActivationScope, kind: string, given: string | undefined): string {
  const { replay, children } = scope;
  if (given === undefined) {
    let n = replay.called("child") + 1;
    while (children.has(`${kind}-${n}`)) n += 1;
    return freeName(`${kind}-${n}`, `ctx.scheduleWorkflow(${JSON.stringify(kind)}): name`);
  }
  if (children.has(given)) throw new RangeError(`another child of this workflow is called ${JSON.stringify(given)}`);
  return given;
}

/** An input without a JSON form fails the workflow rather than the call: a call without an event would shift replay. */
function addCommand(scope: ActivationScope, command: Omit<ScheduleChildWorkflow, "input">, input: unknown): void {
  try {
    const bytes = encodeJson(input, `the input of child workflow ${JSON.stringify(command.name)}`);
    scope.replay.commands.push({ ...command, input: bytes });
  } catch (error) {
    scope.replay.fail(error as TypeError);
  }
}

function settle(result: QuietPromise<unknown>, { name, id }: Child, { type, data }: RecordedEvent): void {
  const failure = typeof data.error === "string" ? data.error : "no reason given";
  if (type === "CHILD_WORKFLOW_COMPLETED") result.resolve(data.output ?? null);
  else result.reject(new ChildWorkflowFailedError({ name, id, failure }));
}

/** Servers of different age write different keys. */
function idOf({ data }: RecordedEvent): string {
  return String(data.childExecutionId ?? data.childworkflowExecutionId ?? data.childWorkflowExecutionId);
}

export function withoutChild(promise: Promise<never>, name: string): ChildWorkflowPromise<never> {
  return Object.assign(promise, { id: "", name, cancel() {} });
}
