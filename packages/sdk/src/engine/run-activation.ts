import type { AnyWorkflow } from "../definitions/workflow.js";
import { WorkflowCancelledError } from "../errors.js";
import { decodeJson, encodeJson } from "../json.js";
import type { Logger } from "../logger.js";
import { readThrown } from "../thrown/read-thrown.js";
import { isInstance, member } from "../thrown/safely.js";
import type { ActivationScope } from "./calls/scope.js";
import type { Command, Outcome } from "./commands.js";
import { deterministicIds, deterministicRandom } from "./deterministic-ids.js";
import { type HistoryEvent, readHistory } from "./history.js";
import { type ProcessClock, processClock } from "./process-clock.js";
import { eventLoopTurn, microtasksDrained } from "./quiescence.js";
import { Replay } from "./replay.js";
import { runningCode } from "./running-code.js";
import { SignalWarnings } from "./signal-warnings.js";
import { DeterminismViolation } from "./violation.js";
import { createWorkflowContext } from "./workflow-context.js";

export interface Activation {
  readonly executionId: string;
  /** JSON bytes. */
  readonly input: Uint8Array;
  /** The workflow's clock for the whole activation. */
  readonly timeMillis: number;
  readonly history: readonly HistoryEvent[];
}

export interface ActivationResult {
  readonly commands: readonly Command[];
  readonly outcome: Outcome;
  /** Highest event sequence that the function could know of. */
  readonly seenSequence: number;
  /** Set when the code is not that of the history; the outcome says so as well, for those who end the workflow with it. */
  readonly violation?: DeterminismViolation;
}

export interface ActivationOptions {
  readonly log: Logger;
  /** Gives the activation up while it waits for a function of `ctx.run`. */
  readonly signal?: AbortSignal;
  /** Default: that of the process. */
  readonly clock?: ProcessClock;
}

/** Other work of the process gets a turn after so many deliveries of a long replay. */
const deliveriesPerTurn = 200;

/** Runs a workflow function against its history. Errors: Error when history cannot be read. */
export async function runActivation(
  definition: AnyWorkflow,
  activation: Activation,
  options: ActivationOptions,
): Promise<ActivationResult> {
  const history = readHistory(activation.history);
  const { executionId } = activation;
  const clock = options.clock ?? processClock;
  const scope: ActivationScope = {
    executionId,
    input: decodeJson(activation.input),
    timeMillis: activation.timeMillis,
    clock,
    beganMs: clock.now(),
    replay: new Replay(history, new SignalWarnings(definition, options.log)),
    log: options.log,
    newId: deterministicIds(executionId),
    random: deterministicRandom(executionId),
    state: new Map(),
    promises: [],
    children: new Map(),
    closed: false,
  };
  const outcome = await advance(scope, callFunction(definition, scope), options.signal);
  scope.closed = true;
  // What led to a violation is not what history says, so none of it may be added to history.
  const commands = scope.replay.fatal === undefined ? scope.replay.commands : [];
  const { fatal } = scope.replay;
  const violated = fatal instanceof DeterminismViolation ? { violation: fatal } : {};
  return { commands, outcome, seenSequence: history.lastSequence, ...violated };
}

interface FunctionEnd {
  outcome: Outcome | undefined;
}

/** Starts the function; the returned object is filled in when it ends. */
function callFunction(definition: AnyWorkflow, scope: ActivationScope): FunctionEnd {
  const end: FunctionEnd = { outcome: undefined };
  const main = runningCode.run({ executionId: scope.executionId }, async () =>
    definition.run(createWorkflowContext(scope), scope.input as never),
  );
  main.then(
    (output) => {
      end.outcome = completed(output);
    },
    (error: unknown) => {
      end.outcome = cancelled(error, scope) ?? failed(error);
    },
  );
  return end;
}

/** Settles one promise after the other until the function ended or nothing is left to settle. */
async function advance(scope: ActivationScope, end: FunctionEnd, signal: AbortSignal | undefined): Promise<Outcome> {
  const { replay, clock } = scope;
  for (let delivered = 1; ; delivered++) {
    await microtasksDrained();
    if (replay.fatal !== undefined) return failed(replay.fatal);
    if (end.outcome !== undefined) {
      if (end.outcome.status !== "CANCELLED") replay.checkAllMade(describeEnd(end.outcome));
      if (replay.fatal !== undefined) return failed(replay.fatal);
      // Those that the function does not await are begun all the same.
      replay.local.start();
      return end.outcome;
    }
    let deliver = replay.next();
    if (deliver === undefined) {
      replay.checkAllMade("asked for nothing more");
      if (replay.fatal !== undefined) return failed(replay.fatal);
      if (!replay.local.busy) return suspended(replay);
      replay.local.start();
      while (deliver === undefined) {
        deliver = replay.nextEnded(clock.now());
        if (deliver === undefined && !(await endOrDueTime(scope, signal))) return { status: "ABANDONED" };
      }
    }
    if (delivered % deliveriesPerTurn === 0) await eventLoopTurn();
    deliver();
  }
}

/** Waits until an operation ends or a timer is due. False when the signal was aborted. */
async function endOrDueTime({ replay, clock }: ActivationScope, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return false;
  const { dueMs } = replay.local;
  let cleanUp = () => {};
  await new Promise<void>((resolve) => {
    replay.local.onEnd(resolve);
    const abort = () => resolve();
    signal?.addEventListener("abort", abort, { once: true });
    const stop = dueMs === undefined ? () => {} : clock.at(dueMs, resolve);
    cleanUp = () => {
      stop();
      signal?.removeEventListener("abort", abort);
    };
  });
  cleanUp();
  return !signal?.aborted;
}

function describeEnd(outcome: Outcome): string {
  return outcome.status === "FAILED" ? `failed with ${JSON.stringify(outcome.error)}` : "returned";
}

/**
 * What a suspended workflow is said to wait for when it is more than one thing: first what is at work, then what others must
 * give, then time. So whoever talks with a workflow by signals can tell that it is their turn.
 */
const suspendOrder = ["task", "child", "signal", "promise", "timer"] as const;

function suspended(replay: Replay): Outcome {
  const outstanding = replay.outstanding();
  const waitsFor = suspendOrder.find((kind) => outstanding.includes(kind));
  if (waitsFor === undefined) return failed(new Error(blockedForEver));
  replay.looks.leaveTrace();
  return { status: "SUSPENDED", waitsFor };
}

/** Of what `ctx.checkCancellation` threw and nothing caught. */
function cancelled(thrown: unknown, { executionId, replay }: ActivationScope): Outcome | undefined {
  if (!isInstance(thrown, WorkflowCancelledError) || member(thrown, "workflowId") !== executionId) return undefined;
  const reason = member(thrown, "reason");
  return { status: "CANCELLED", reason: typeof reason === "string" ? reason : (replay.cancellation ?? "") };
}

const blockedForEver =
  "the workflow awaits something that nothing can settle: neither a task nor anything else of ctx is outstanding. " +
  "Work outside the workflow, such as requests, files and timers, belongs into a task or into ctx.run";

function completed(output: unknown): Outcome {
  try {
    return { status: "COMPLETED", output: encodeJson(output, "the output of the workflow") };
  } catch (error) {
    return failed(error);
  }
}

function failed(thrown: unknown): Outcome {
  const { text, stack } = readThrown(thrown);
  return { status: "FAILED", error: text, stackTrace: stack };
}
