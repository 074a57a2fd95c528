import { eventData } from "../event-data.js";
import { append, appendWaking } from "../workflow/change.js";
import type { SubmitBuilder } from "../workflow/submit-builder.js";

/** Arms a timer. A timer id that the run knows already changes nothing and appends nothing. Source: START_TIMER. */
export function startTimer(submit: SubmitBuilder, command: { timerId: string; durationMs: number }): void {
  const { timerId, durationMs } = command;
  const { created, facts, now } = submit;
  if (created.hasTimer(timerId)) return;
  if (facts.timer(timerId) !== undefined) {
    submit.asksAgain = true;
    return;
  }
  const fireAtMs = now + durationMs;
  const data = eventData([
    ["timerId", timerId],
    ["durationMs", durationMs],
    ["fireAt", fireAtMs],
  ]);
  const startedSequence = append(submit.change, "TIMER_STARTED", data);
  created.addTimer({ timerId, durationMs, fireAtMs, startedSequence });
}

/**
 * Disarms a timer. Only a timer that was armed leaves an event. It counts as news for the worker, because some clients end
 * their sleep with it; not for one that says what it has seen: it knows what it cancelled. Source: CANCEL_TIMER.
 */
export function cancelTimer(submit: SubmitBuilder, command: { timerId: string }): void {
  const { timerId } = command;
  const { created, facts } = submit;
  const { effects } = created;
  const armed = created.hasTimer(timerId) || facts.timer(timerId)?.status === "ARMED";
  if (!armed || effects.cancelledTimers.has(timerId)) return;
  effects.cancelledTimers.add(timerId);
  const data = eventData([["timerId", timerId]]);
  if (submit.tellsSeen) append(submit.change, "TIMER_CANCELLED", data);
  else appendWaking(submit.change, "TIMER_CANCELLED", data);
}
