import type { TimerPromise } from "../../definitions/workflow-promises.js";
import { type DurationInput, toMilliseconds } from "../../duration.js";
import { TimerCancelledError } from "../../errors.js";
import { time as checkTime } from "../../options/checks.js";
import { timerKey } from "../event-catalogue.js";
import type { RecordedEvent } from "../history.js";
import { neverSettles, quietPromise, quietRejection } from "../quiet-promise.js";
import { checkOutsideOperation } from "../running-code.js";
import type { ActivationScope } from "./scope.js";

/** Errors: RangeError as a rejection, before the call takes its position. */
export function sleep(scope: ActivationScope, duration: DurationInput): TimerPromise {
  let durationMs: number;
  try {
    durationMs = toMilliseconds(duration, "ctx.sleep");
  } catch (error) {
    return withoutTimer(quietRejection(error));
  }
  return startTimer(scope, () => durationMs);
}

/**
 * The clock of the workflow is later in each activation, so what it says must not decide whether the call takes its
 * position: a time too far away fails the workflow. Errors: RangeError as a rejection when it is no time.
 */
export function sleepUntil(scope: ActivationScope, time: Date | number): TimerPromise {
  let timeMs: number;
  try {
    timeMs = checkTime(time, "ctx.sleepUntil");
  } catch (error) {
    return withoutTimer(quietRejection(error));
  }
  return startTimer(scope, () => toMilliseconds(Math.max(Math.ceil(timeMs) - scope.timeMillis, 0), "ctx.sleepUntil"));
}

/** Starts a timer, or joins the one that an earlier activation started here. `durationMs` is asked when it is new. */
export function startTimer(scope: ActivationScope, durationMs: () => number): TimerPromise {
  const { replay } = scope;
  const timerId = `timer-${replay.called("timer")}`;
  const event = replay.match({
    callType: "timer",
    text: `start timer ${JSON.stringify(timerId)}`,
    matches: (held) => held.data.timerId === timerId,
  });
  if (event === undefined) addCommand(scope, timerId, durationMs);
  if (replay.fatal !== undefined) return withoutTimer(neverSettles());
  const key = timerKey(timerId);
  const ended = quietPromise<void>();
  let open = true;
  /** Which event the server appends then, if any, plays no part in what the code sees. */
  const endHere = (settle: () => void) => {
    if (!open || scope.closed) return;
    open = false;
    replay.forget(key);
    replay.local.forgetTimer(timerId);
    if (!replay.ended(key)) replay.commands.push({ type: "CANCEL_TIMER", timerId });
    settle();
  };
  replay.awaitOutcome("timer", key, (outcome) => {
    open = false;
    replay.local.forgetTimer(timerId);
    if (outcome.type === "TIMER_FIRED") ended.resolve();
    else ended.reject(new TimerCancelledError(timerId));
  });
  replay.local.timer(timerId, { dueMs: dueMs(scope, event, durationMs), fire: () => endHere(ended.resolve) });
  const cancel = () => {
    checkOutsideOperation("cancel of a timer");
    // The code sees the cancel at once, on every replay.
    endHere(() => ended.reject(new TimerCancelledError(timerId)));
  };
  return Object.assign(ended.promise, { cancel });
}

/** On the clock of the process. The server keeps the time of a timer that an earlier activation started. */
function dueMs(
  { beganMs, clock, timeMillis }: ActivationScope,
  event: RecordedEvent | undefined,
  durationMs: () => number,
): number {
  if (event === undefined) return clock.now() + durationMs();
  const fireAtMs = new Date(event.data.fireAt as string | number).getTime();
  if (Number.isFinite(fireAtMs)) return beganMs + fireAtMs - timeMillis;
  const { durationMs: held } = event.data;
  // Without any time only the server can let it fire.
  return typeof held === "number" ? beganMs + held : Number.POSITIVE_INFINITY;
}

export function withoutTimer(promise: Promise<never>): TimerPromise {
  return Object.assign(promise, { cancel() {} });
}

function addCommand(scope: ActivationScope, timerId: string, durationMs: () => number): void {
  try {
    scope.replay.commands.push({ type: "START_TIMER", timerId, durationMs: durationMs() });
  } catch (error) {
    scope.replay.fail(error as RangeError);
  }
}
