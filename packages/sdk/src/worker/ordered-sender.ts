export interface OrderedSenderOptions<Item> {
  /** Sends one item. Must not reject. */
  send(item: Item): Promise<unknown>;
  /** How much of what may wait an item takes. */
  sizeOf(item: Item): number;
  /** Beyond, items are dropped: a task that floods must not fill the memory. */
  waitingSizeMax: number;
  /** Says that so many items were dropped; may give an item that tells it. */
  onDropped(count: number): Item | undefined;
}

/** Sends items in order, one at a time. */
export class OrderedSender<Item> {
  readonly #options: OrderedSenderOptions<Item>;
  #waiting: Item[] = [];
  #waitingSize = 0;
  #dropped = 0;
  #draining: Promise<void> | undefined;

  constructor(options: OrderedSenderOptions<Item>) {
    this.#options = options;
  }

  offer(item: Item): void {
    const size = this.#options.sizeOf(item);
    if (this.#waitingSize + size > this.#options.waitingSizeMax) {
      this.#dropped += 1;
    } else {
      this.#waiting.push(item);
      this.#waitingSize += size;
    }
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything was sent; undefined when nothing is on its way. */
  sent(): Promise<void> | undefined {
    return this.#draining;
  }

  async #drain(): Promise<void> {
    for (let item = this.#next(); item !== undefined; item = this.#next()) await this.#options.send(item);
    this.#draining = undefined;
  }

  #next(): Item | undefined {
    const item = this.#waiting.shift();
    if (item !== undefined) {
      this.#waitingSize -= this.#options.sizeOf(item);
      return item;
    }
    if (this.#dropped === 0) return undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return this.#options.onDropped(dropped);
  }
}
