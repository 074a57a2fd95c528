import type { Bus, HintSubject, Subscription } from "@flovyn/bus";
import type { Logger } from "@flovyn/runtime";

export interface HintListener {
  /** A hint came. */
  hint(payload: Uint8Array): void;
  /** From now on hints come; those before may have been missed. */
  subscribed?(): void;
}

/** A failed subscription is tried again after this. */
const retryMs = 1000;

/** One subscription for each subject, however many listen to it; it ends with its last listener. */
export class HintChannels {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #channels = new Map<HintSubject, Channel>();

  constructor(options: { bus: Bus; log: Logger }) {
    this.#bus = options.bus;
    this.#log = options.log;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Listens until the returned function is called. */
  listen(subject: HintSubject, listener: HintListener): () => void {
    let channel = this.#channels.get(subject);
    if (channel === undefined) {
      channel = new Channel(this.#bus, subject, this.#log);
      this.#channels.set(subject, channel);
    }
    channel.add(listener);
    const joined = channel;
    return () => {
      if (joined.remove(listener)) this.#channels.delete(subject);
    };
  }

  async stop(): Promise<void> {
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    await Promise.all(channels.map((channel) => channel.stop()));
  }
}

class Channel {
  readonly #bus: Bus;
  readonly #subject: HintSubject;
  readonly #log: Logger;
  readonly #listeners = new Set<HintListener>();
  #subscription: Subscription | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(bus: Bus, subject: HintSubject, log: Logger) {
    this.#bus = bus;
    this.#subject = subject;
    this.#log = log;
    void this.#subscribe();
  }

  add(listener: HintListener): void {
    this.#listeners.add(listener);
    if (this.#subscription !== undefined) listener.subscribed?.();
  }

  /** True when this was the last listener: the channel has ended. */
  remove(listener: HintListener): boolean {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return false;
    void this.stop();
    return true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    try {
      await this.#subscription?.stop();
    } catch (err) {
      this.#log.warn({ err, subject: this.#subject }, "ending a subscription failed");
    }
  }

  async #subscribe(): Promise<void> {
    try {
      const subscription = await this.#bus.subscribe(this.#subject, (payload) => this.#hint(payload));
      this.#subscription = subscription;
      if (this.#stopped) await subscription.stop();
      else for (const listener of [...this.#listeners]) listener.subscribed?.();
    } catch (err) {
      this.#log.warn({ err, subject: this.#subject }, "subscribing to hints failed, trying again");
      if (this.#stopped) return;
      this.#retry = setTimeout(() => void this.#subscribe(), retryMs);
      this.#retry.unref();
    }
  }

  #hint(payload: Uint8Array): void {
    for (const listener of [...this.#listeners]) listener.hint(payload);
  }
}
