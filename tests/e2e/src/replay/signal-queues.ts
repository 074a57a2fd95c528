import type { EventLog } from "./event-log.js";

/** One queue for each name, filled from the start of the history. */
export function signalQueues(log: EventLog): Map<string, unknown[]> {
  const queues = new Map<string, unknown[]>();
  for (const event of log.of("SIGNAL_RECEIVED")) {
    const name = event.text("signalName");
    const queue = queues.get(name) ?? [];
    queue.push(event.value("signalValue"));
    queues.set(name, queue);
  }
  return queues;
}
