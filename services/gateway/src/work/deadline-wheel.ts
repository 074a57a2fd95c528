/** Something that waits for a moment. The wheel keeps its place in `slot`; -1 means it is not on the wheel. */
export interface Timed {
  dueAtMs: number;
  slot: number;
  /** Called once, after it left the wheel. Must not throw. */
  due(): void;
}

/** 10 ms is fine enough for the shortest wait (50 ms) and coarse enough to serve many waits in one turn. */
const slotMs = 10;
const slotCount = 512;

/**
 * Wakes many waits with one timer: a ring of slots of 10 ms, so that adding and removing are one step each.
 * Nothing ticks while nothing waits. A wait ends up to one slot late, never early.
 */
export class DeadlineWheel {
  readonly #now: () => number;
  readonly #slots: Set<Timed>[] = Array.from({ length: slotCount }, () => new Set<Timed>());
  #size = 0;
  /** The last tick that was worked off; a tick is a time in slots since the epoch of `now`. */
  #lastTick: number;
  #timer: NodeJS.Timeout | undefined;
  #timerTick = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastTick = Math.floor(now() / slotMs);
  }

  get size(): number {
    return this.#size;
  }

  add(timed: Timed, dueAtMs: number): void {
    const tick = Math.max(Math.ceil(dueAtMs / slotMs), this.#lastTick + 1);
    timed.dueAtMs = dueAtMs;
    timed.slot = tick % slotCount;
    (this.#slots[timed.slot] as Set<Timed>).add(timed);
    this.#size += 1;
    if (tick < this.#timerTick) this.#arm(tick);
  }

  remove(timed: Timed): void {
    if (timed.slot < 0) return;
    if ((this.#slots[timed.slot] as Set<Timed>).delete(timed)) this.#size -= 1;
    timed.slot = -1;
  }

  /** Ends every wait that is over. Called by the timer; tests with a fake clock call it themselves. */
  advance(): void {
    const now = this.#now();
    const tick = Math.floor(now / slotMs);
    const first = Math.max(this.#lastTick + 1, tick - slotCount + 1);
    this.#lastTick = Math.max(tick, this.#lastTick);
    for (let at = first; at <= tick; at++) this.#workOff(this.#slots[at % slotCount] as Set<Timed>, now);
    this.#rearm();
  }

  /** Forgets every wait without calling it. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #workOff(slot: Set<Timed>, now: number): void {
    if (slot.size === 0) return;
    // Entries that a callback adds to this very slot belong to a later turn of the wheel, so the slot is copied.
    for (const timed of [...slot]) {
      if (timed.dueAtMs > now || !slot.delete(timed)) continue;
      this.#size -= 1;
      timed.slot = -1;
      timed.due();
    }
  }

  #rearm(): void {
    this.#timerTick = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    if (this.#size === 0) return;
    for (let tick = this.#lastTick + 1; tick <= this.#lastTick + slotCount; tick++) {
      if ((this.#slots[tick % slotCount] as Set<Timed>).size > 0) {
        this.#arm(tick);
        return;
      }
    }
  }

  #arm(tick: number): void {
    if (this.#stopped) return;
    this.#timerTick = tick;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.advance(), Math.max(1, Math.ceil(tick * slotMs - this.#now())));
    this.#timer.unref();
  }
}
