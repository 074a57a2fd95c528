export interface FairLaneOptions {
  /** How many calls may run at the same time. */
  slots: () => number;
  /** How many of one org. */
  slotsOfOrg: () => number;
  /** How long an org may not begin another call after one that took so long. In ms. */
  restMs: (tookMs: number) => number;
  /** Monotonic milliseconds. */
  now: () => number;
}

interface WaitingCall {
  start: () => void;
}

interface OrgInLane {
  running: number;
  waiting: WaitingCall[];
  restsUntilMs: number;
}

/** Calls that run at the same time, in which the next turn goes to the waiting org with the fewest running. */
export class FairLane {
  readonly #options: FairLaneOptions;
  readonly #orgs = new Map<string, OrgInLane>();
  readonly #waitingOrgs = new Set<OrgInLane>();
  #running = 0;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FairLaneOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Undefined when a call may run at once, else a promise that resolves at its turn. Either way it ends with `end`. */
  begin(orgId: string): Promise<void> | undefined {
    let org = this.#orgs.get(orgId);
    if (org === undefined) {
      org = { running: 0, waiting: [], restsUntilMs: 0 };
      this.#orgs.set(orgId, org);
    }
    if (org.waiting.length === 0 && this.#running < this.#options.slots() && this.#mayRun(org)) {
      this.#run(org);
      return undefined;
    }
    const { waiting } = org;
    this.#waiting += 1;
    this.#waitingOrgs.add(org);
    this.#wakeAfterRest(org);
    return new Promise((start) => waiting.push({ start }));
  }

  /** The call of `begin` has ended; it took so long since its turn. */
  end(orgId: string, tookMs: number): void {
    const org = this.#orgs.get(orgId) as OrgInLane;
    org.running -= 1;
    this.#running -= 1;
    const restMs = this.#options.restMs(tookMs);
    if (restMs > 0) org.restsUntilMs = this.#options.now() + restMs;
    this.#startWaiting();
    if (org.running === 0 && org.waiting.length === 0 && restMs <= 0) this.#orgs.delete(orgId);
  }

  /** Forgets orgs that neither run nor wait nor rest. */
  forgetIdle(): void {
    for (const [orgId, org] of this.#orgs) {
      const isIdle = org.running === 0 && org.waiting.length === 0 && org.restsUntilMs <= this.#options.now();
      if (isIdle) this.#orgs.delete(orgId);
    }
  }

  /** Begins what may run now. A call that waits for a slot is begun by the end of another one. */
  #startWaiting(): void {
    while (this.#waiting > 0 && this.#running < this.#options.slots()) {
      const org = this.#next();
      if (org === undefined) return;
      const call = org.waiting.shift() as WaitingCall;
      this.#waiting -= 1;
      if (org.waiting.length === 0) this.#waitingOrgs.delete(org);
      this.#run(org);
      call.start();
    }
  }

  /** The waiting org that may run and has the fewest running. */
  #next(): OrgInLane | undefined {
    let next: OrgInLane | undefined;
    for (const org of this.#waitingOrgs) {
      if (!this.#mayRun(org)) this.#wakeAfterRest(org);
      else if (next === undefined || org.running < next.running) next = org;
    }
    return next;
  }

  #mayRun(org: OrgInLane): boolean {
    return org.running < this.#options.slotsOfOrg() && org.restsUntilMs <= this.#options.now();
  }

  #wakeAfterRest(org: OrgInLane): void {
    const restMs = org.restsUntilMs - this.#options.now();
    if (restMs <= 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#startWaiting();
    }, Math.ceil(restMs));
    this.#timer.unref();
  }

  #run(org: OrgInLane): void {
    org.running += 1;
    this.#running += 1;
  }
}
