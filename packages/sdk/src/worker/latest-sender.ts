/** Sends one value at a time; of those that come while one is on its way only the latest is sent. */
export class LatestSender<Value> {
  readonly #send: (value: Value) => Promise<unknown>;
  #latest: { value: Value } | undefined;
  #sending = false;

  /** `send` must not reject. */
  constructor(send: (value: Value) => Promise<unknown>) {
    this.#send = send;
  }

  offer(value: Value): void {
    this.#latest = { value };
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    while (this.#latest !== undefined) {
      const { value } = this.#latest;
      this.#latest = undefined;
      await this.#send(value);
    }
    this.#sending = false;
  }
}
