import { type ActiveOrgs, FairLane } from "@flovyn/runtime";

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
  orgs: ActiveOrgs;
  /** Monotonic milliseconds. */
  now: () => number;
}

export type Weight = "light" | "heavy";

const heavyAlone = 3;
const heavyShared = 3;

export class ServiceTurns {
  readonly #orgs: ActiveOrgs;
  readonly #lanes: Readonly<Record<Weight, FairLane>>;

  constructor({ alone, shared, orgs, now }: ServiceTurnsOptions) {
    this.#orgs = orgs;
    const light = () => (orgs.several ? shared : alone);
    this.#lanes = {
      light: new FairLane({ slots: light, slotsOfOrg: light, restMs: () => 0, now }),
      heavy: new FairLane({
        slots: () => (orgs.several ? heavyShared : heavyAlone),
        slotsOfOrg: () => (orgs.several ? 1 : heavyAlone),
        restMs: (tookMs) => (orgs.several ? tookMs : 0),
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
    if (this.#orgs.note(orgId)) for (const lane of Object.values(this.#lanes)) lane.forgetIdle();
    return this.#lanes[weight].begin(orgId);
  }

  /** The call of `begin` has ended; it took so long since its turn. */
  end(orgId: string, weight: Weight, tookMs: number): void {
    this.#lanes[weight].end(orgId, tookMs);
  }
}
