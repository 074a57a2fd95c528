/**
 * Fair queueing of the calls that run at the services.
 *
 * While one org calls alone, it has many calls at once, which makes large batches. While several call, all of them together
 * have few, and the next turn goes to the waiting org with the fewest running: the call of one org waits for few calls of
 * another, however many that one makes, and no turn stays unused.
 *
 * Turns are counted in units: a call is one, and one more for every 16 KiB of its request.
 */
export interface ServiceTurnsOptions {
  /** Units at the same time while one org calls. */
  alone: number;
  /** Units at the same time while several orgs call. */
  shared: number;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** An org counts as one that calls for so long after its last call: workers poll and report with pauses. */
const activeMs = 2000;
const sweepMs = 500;
const unitBytes = 16 * 1024;

interface WaitingCall {
  units: number;
  start: () => void;
}

interface OrgTurns {
  running: number;
  waiting: WaitingCall[];
  lastCallMs: number;
}

export class ServiceTurns {
  readonly #options: ServiceTurnsOptions;
  readonly #orgs = new Map<string, OrgTurns>();
  readonly #waitingOrgs = new Set<OrgTurns>();
  #running = 0;
  #waiting = 0;
  #sweptAtMs = 0;

  constructor(options: ServiceTurnsOptions) {
    this.#options = options;
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What a request of so many bytes counts; never more than half of the turns that orgs share. */
  unitsOf(bytes: number): number {
    return Math.min(1 + Math.floor(bytes / unitBytes), Math.max(1, this.#options.shared >> 1));
  }

  /** Undefined when a call may run at once, else a promise that resolves at its turn. Either way it ends with `end`. */
  begin(orgId: string, units: number): Promise<void> | undefined {
    let org = this.#orgs.get(orgId);
    if (org === undefined) {
      org = { running: 0, waiting: [], lastCallMs: 0 };
      this.#orgs.set(orgId, org);
    }
    org.lastCallMs = this.#options.now();
    if (this.#orgs.size > 1 && org.lastCallMs - this.#sweptAtMs > sweepMs) this.#forgetIdle(org.lastCallMs);
    if (this.#waiting === 0 && this.#fits(units)) {
      this.#run(org, units);
      return undefined;
    }
    const { waiting } = org;
    this.#waiting += 1;
    this.#waitingOrgs.add(org);
    return new Promise((start) => waiting.push({ units, start }));
  }

  /** The call of `begin` has ended. */
  end(orgId: string, units: number): void {
    const org = this.#orgs.get(orgId) as OrgTurns;
    org.running -= units;
    this.#running -= units;
    this.#startWaiting();
  }

  /** An org that has not called for a while makes room for the others. */
  #forgetIdle(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    for (const [orgId, org] of this.#orgs) {
      const isIdle = org.running === 0 && org.waiting.length === 0 && org.lastCallMs < nowMs - activeMs;
      if (isIdle) this.#orgs.delete(orgId);
    }
  }

  #startWaiting(): void {
    while (this.#waiting > 0) {
      const org = this.#next();
      const call = org.waiting[0] as WaitingCall;
      if (!this.#fits(call.units)) return;
      org.waiting.shift();
      this.#waiting -= 1;
      if (org.waiting.length === 0) this.#waitingOrgs.delete(org);
      this.#run(org, call.units);
      call.start();
    }
  }

  /** The waiting org that has the fewest running. */
  #next(): OrgTurns {
    let next: OrgTurns | undefined;
    for (const org of this.#waitingOrgs) if (next === undefined || org.running < next.running) next = org;
    return next as OrgTurns;
  }

  #fits(units: number): boolean {
    const { alone, shared } = this.#options;
    return this.#running === 0 || this.#running + units <= (this.#orgs.size <= 1 ? alone : shared);
  }

  #run(org: OrgTurns, units: number): void {
    org.running += units;
    this.#running += units;
  }
}
