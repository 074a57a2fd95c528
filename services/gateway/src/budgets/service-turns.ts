import { FairLane } from "./fair-lane.js";

/**
 * Fair queueing of the calls that run at the services, in two lanes.
 *
 * Light calls: while one org calls alone, it has many at once, which makes large batches. While several call, all of them
 * together have few, and the next turn goes to the waiting org with the fewest running: the call of one org waits for few
 * calls of another, however many that one makes, and no turn stays unused.
 *
 * Heavy calls, of large requests or with large answers, hold up everything beside them while they run: while several orgs
 * call, each has one at a time and rests after it for as long as it took.
 */
export interface ServiceTurnsOptions {
  /** Light calls at the same time while one org calls. */
  alone: number;
  /** Light calls at the same time while several orgs call. */
  shared: number;
  /** Monotonic milliseconds. */
  now: () => number;
}

export type Weight = "light" | "heavy";

/** An org counts as one that calls for so long after its last call: workers poll and report with pauses. */
const activeMs = 2000;
const sweepMs = 500;
const heavyAlone = 8;
const heavyShared = 4;

export class ServiceTurns {
  readonly #now: () => number;
  readonly #lanes: Readonly<Record<Weight, FairLane>>;
  readonly #lastCallMs = new Map<string, number>();
  #sweptAtMs = 0;

  constructor({ alone, shared, now }: ServiceTurnsOptions) {
    this.#now = now;
    const isShared = () => this.#lastCallMs.size > 1;
    const light = () => (isShared() ? shared : alone);
    this.#lanes = {
      light: new FairLane({ slots: light, slotsOfOrg: light, restMs: () => 0, now }),
      heavy: new FairLane({
        slots: () => (isShared() ? heavyShared : heavyAlone),
        slotsOfOrg: () => (isShared() ? 1 : heavyAlone),
        restMs: (tookMs) => (isShared() ? tookMs : 0),
        now,
      }),
    };
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#lanes.light.waiting + this.#lanes.heavy.waiting;
  }

  /** Undefined when a call may run at once, else a promise that resolves at its turn. Either way it ends with `end`. */
  begin(orgId: string, weight: Weight): Promise<void> | undefined {
    const nowMs = this.#now();
    this.#lastCallMs.set(orgId, nowMs);
    if (this.#lastCallMs.size > 1 && nowMs - this.#sweptAtMs > sweepMs) this.#forgetIdle(nowMs);
    return this.#lanes[weight].begin(orgId);
  }

  /** The call of `begin` has ended; it took so long since its turn. */
  end(orgId: string, weight: Weight, tookMs: number): void {
    this.#lanes[weight].end(orgId, tookMs);
  }

  /** An org that has not called for a while makes room for the others. */
  #forgetIdle(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    const before = this.#lastCallMs.size;
    for (const [orgId, lastCallMs] of this.#lastCallMs) {
      if (lastCallMs < nowMs - activeMs) this.#lastCallMs.delete(orgId);
    }
    if (this.#lastCallMs.size === before) return;
    for (const lane of Object.values(this.#lanes)) {
      lane.forgetIdle();
      lane.startWaiting();
    }
  }
}
