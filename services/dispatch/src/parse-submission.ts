import {
  type ActivationOutcome,
  checkCommandCount,
  cutText,
  invalidField,
  type Submission,
  type WorkflowCommand,
} from "@flovyn/domain";
import { CommandType, type SubmitWorkflowCommandsRequest, WorkflowStatus } from "@flovyn/proto/v1";
import { parseCommand } from "./parse-command.js";

const suspendReasonMax = 500;
const emptyBytes = new Uint8Array(0);

/**
 * Checks a whole submission before anything is loaded. Errors: InvalidInput naming the field, PayloadTooLarge.
 */
export function parseSubmission(request: SubmitWorkflowCommandsRequest): Submission {
  checkCommandCount(request.commands.length);
  const commands: WorkflowCommand[] = [];
  let last: ActivationOutcome | undefined;
  request.commands.forEach((command, index) => {
    const parsed = parseCommand(command, index);
    if (parsed === undefined) return;
    if (last !== undefined)
      throw invalidField(`commands[${index}]`, "must not follow the command that ends the workflow");
    if ("outcome" in parsed) last = parsed.outcome;
    else commands.push(parsed.command);
  });
  return {
    commands,
    outcome: parseOutcome(request, last),
    ...(request.claimEpoch === undefined ? {} : { claimEpoch: request.claimEpoch }),
    ...(request.seenSequence === undefined ? {} : { seenSequence: request.seenSequence }),
  };
}

/** The status decides; a command that ends the workflow only carries what belongs to it. */
function parseOutcome(
  { status, commands }: SubmitWorkflowCommandsRequest,
  last: ActivationOutcome | undefined,
): ActivationOutcome {
  switch (status) {
    case WorkflowStatus.SUSPENDED:
      if (last !== undefined)
        throw invalidField("status", `is SUSPENDED, but a command ends the workflow as ${last.type}`);
      return { type: "SUSPENDED", ...reasonOf(commands) };
    case WorkflowStatus.COMPLETED:
      return last?.type === "COMPLETED" ? last : { type: "COMPLETED", output: emptyBytes };
    case WorkflowStatus.FAILED:
      return last?.type === "FAILED" ? last : { type: "FAILED", error: "", stackTrace: "", failureType: "" };
    case WorkflowStatus.CANCELLED:
      return last?.type === "CANCELLED" ? last : { type: "CANCELLED", reason: "" };
    default:
      throw invalidField("status", "must be SUSPENDED, COMPLETED, FAILED or CANCELLED");
  }
}

/** Only some clients send a command of their own for suspending; all it carries is a text for people. */
function reasonOf(commands: SubmitWorkflowCommandsRequest["commands"]): { reason?: string } {
  const suspend = commands.findLast(({ commandType }) => commandType === CommandType.SUSPEND_WORKFLOW)?.commandData;
  return suspend?.$case === "suspendWorkflow" ? { reason: cutText(suspend.value.reason, suspendReasonMax) } : {};
}
