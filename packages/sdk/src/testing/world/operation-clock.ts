import { type ProcessClock, processClock } from "../../engine/process-clock.js";

/** So long, in real milliseconds, an operation keeps the timers of its workflow from coming due. */
const patienceMs = 1000;

/** For one activation. Operations run in real time, so a limit on them is real; but a test waits no longer for one that hangs. */
export function operationClock(): ProcessClock {
  let skippedMs = 0;
  const now = () => processClock.now() + skippedMs;
  return {
    now,
    at: (timeMs, callback) =>
      processClock.at(processClock.now() + Math.min(timeMs - now(), patienceMs), () => {
        skippedMs += Math.max(timeMs - now(), 0);
        callback();
      }),
  };
}
