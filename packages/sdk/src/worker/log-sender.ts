/** Lines that wait to be sent for one task. Beyond, lines are dropped: a task that floods must not fill the memory. */
const waitingMax = 200;

export interface LogLine {
  readonly level: "DEBUG" | "INFO" | "WARN" | "ERROR";
  readonly message: string;
}

/** Sends log lines in order, one at a time. */
export class LogSender {
  readonly #send: (line: LogLine) => Promise<unknown>;
  #waiting: LogLine[] = [];
  #dropped = 0;
  #sending = false;

  /** `send` must not reject. */
  constructor(send: (line: LogLine) => Promise<unknown>) {
    this.#send = send;
  }

  offer(line: LogLine): void {
    if (this.#waiting.length >= waitingMax) this.#dropped += 1;
    else this.#waiting.push(line);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    for (let line = this.#next(); line !== undefined; line = this.#next()) await this.#send(line);
    this.#sending = false;
  }

  #next(): LogLine | undefined {
    const line = this.#waiting.shift();
    if (line !== undefined || this.#dropped === 0) return line;
    const message = `${this.#dropped} log lines were dropped, they came faster than they could be sent`;
    this.#dropped = 0;
    return { level: "WARN", message };
  }
}
