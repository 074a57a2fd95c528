import type { ChildWorkflowPromise } from "../../definitions/workflow-promises.js";
import { childKey } from "../event-catalogue.js";
import { checkOutsideOperation } from "../running-code.js";
import type { ActivationScope } from "./scope.js";

/**
 * Asks for the end of a child. The command leaves no event of its own, so a replay cannot match it: it is left out when
 * history shows that an earlier activation went on from here, and when the child has ended. Otherwise it may be sent a
 * second time, which changes nothing: the server leaves children alone that have ended.
 * Errors: TypeError when what is given is no child.
 */
export function cancelChild(
  scope: ActivationScope,
  reference: ChildWorkflowPromise<unknown> | string,
  reason = "",
): void {
  checkOutsideOperation("cancel of a child workflow");
  const { replay, children } = scope;
  const workflowId = typeof reference === "string" ? reference : reference?.id;
  if (typeof workflowId !== "string" || typeof reason !== "string") {
    throw new TypeError(
      "ctx.cancelWorkflow takes what ctx.scheduleWorkflow gave, or an execution id, and a reason as text",
    );
  }
  // A call of ctx.scheduleWorkflow that was refused made no child.
  if (workflowId === "" || scope.closed || replay.repeating) return;
  const child = [...children.values()].find((one) => one.id === workflowId);
  if (child !== undefined) {
    if (child.cancelRequested || replay.ended(childKey(child.name))) return;
    child.cancelRequested = true;
  }
  replay.commands.push({ type: "REQUEST_CANCEL_CHILD_WORKFLOW", name: child?.name ?? "", workflowId, reason });
}
