import { setImmediate } from "node:timers/promises";
import type { ActionName, ResourceFacts } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { checkCommandCount, DomainError, invalidField } from "@flovyn/domain";
import { messageShape, type Part, partReader } from "@flovyn/proto/wire";
import type { Authorize } from "../authorization/authorize.js";
import { factNames, factsOf } from "../authorization/request-facts.js";
import { callBytes } from "../rate/call-limits.js";

const selection = {
  commands: [{ scheduleTask: { kind: true, queue: true }, scheduleChildWorkflow: { workflowKind: true, queue: true } }],
} as const;
const readCommands = partReader(messageShape("flovyn.v1.SubmitWorkflowCommandsRequest"), selection);
type Command = Part<typeof selection>["commands"][number];

/** What commands ask for, for which policies have actions. */
export const commandActions = ["scheduleTask", "startChild"] as const satisfies readonly ActionName[];

/** Different decisions that one submission may need; workflows have a handful of kinds and queues. */
export const decisionsPerSubmissionMax = 1000;
/** Others have a turn after so many, of some 0.1 ms each. */
const decisionsAtOnce = 50;

/**
 * Lets a submission through whose commands policies allow. It is looked at only where these may refuse the caller one of
 * the actions; what is asked for several times is decided once, and counted by `charge` like the bytes of a call.
 * Errors: Forbidden naming the first command that they refuse; InvalidInput where there are too many commands or decisions.
 */
export async function authorizeCommands(
  { authorize, charge }: { authorize: Authorize; charge: (caller: Caller, bytes: number) => void },
  caller: Caller,
  request: Uint8Array,
): Promise<void> {
  const { orgId } = caller;
  if (commandActions.every((action) => authorize.before(caller, action, orgId) === "allowed")) return;
  const commands = readCommands(request)?.commands ?? [];
  checkCommandCount(commands.length);
  const allowed = new Set<string>();
  for (const [index, command] of commands.entries()) {
    const asked = askedFor(command);
    if (asked === undefined) continue;
    const { action, facts } = asked;
    const key = JSON.stringify([action, facts.kind, facts.queue]);
    if (allowed.has(key)) continue;
    if (allowed.size >= decisionsPerSubmissionMax) throw tooManyDecisions();
    if (allowed.size % decisionsAtOnce === decisionsAtOnce - 1) await setImmediate();
    charge(caller, callBytes);
    try {
      authorize(caller, action, { orgId, facts });
    } catch (error) {
      throw atCommand(index, error);
    }
    allowed.add(key);
  }
}

function tooManyDecisions(): DomainError {
  const what = `must ask for at most ${decisionsPerSubmissionMax} different kinds and queues where policies look at them`;
  return invalidField("commands", what);
}

/** What a command asks for. One whose type is not that of its data does not get further than dispatch. */
function askedFor(command: Command): { action: ActionName; facts: ResourceFacts } | undefined {
  const { scheduleTask, scheduleChildWorkflow } = command;
  if (scheduleTask !== undefined) {
    return { action: "scheduleTask", facts: factsOf(factNames.scheduledTask, scheduleTask) };
  }
  if (scheduleChildWorkflow === undefined) return undefined;
  return { action: "startChild", facts: factsOf(factNames.child, scheduleChildWorkflow) };
}

function atCommand(index: number, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const field = `commands[${index}]`;
  const { reason } = error;
  return new DomainError(error.code, `${field}: ${error.message}`, { field, ...(reason !== undefined && { reason }) });
}
