import { OrderedSender } from "./ordered-sender.js";

/** Lines that wait to be sent for one task. */
const waitingMax = 200;

export interface LogLine {
  readonly level: "DEBUG" | "INFO" | "WARN" | "ERROR";
  readonly message: string;
}

/** Sends log lines in order; of a flood it drops lines, and says how many. `send` must not reject. */
export function createLogSender(send: (line: LogLine) => Promise<unknown>): OrderedSender<LogLine> {
  return new OrderedSender<LogLine>({
    send,
    sizeOf: () => 1,
    waitingSizeMax: waitingMax,
    onDropped: (count) => ({
      level: "WARN",
      message: `${count} log lines were dropped, they came faster than they could be sent`,
    }),
  });
}
