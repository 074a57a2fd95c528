/**
 * One queue of work as the gateway sees it: the pollers that wait, and at most one claim at a time.
 *
 * - ready: a claim may find something. True at first, set by a hint, cleared by a claim that found less than it asked for,
 *   unless a hint came while it ran.
 * - ready and somebody waits → one claim for up to `claimPollersMax` of them; item i goes to poller i.
 * - A poller whose time is over is answered with nothing, but not while a claim runs for it: its answer is on the way.
 * - A poller that left is skipped; an item that was claimed for it is given back.
 *
 * So pollers of an idle queue cost no claim at all, and every claimed item is either delivered or released.
 */

/** More would not make the claim cheaper per item, and the claim holds row locks meanwhile. */
export const claimPollersMax = 50;

type Place = "new" | "parked" | "claiming" | "done";

/** A waiting poll. The line keeps the place it has in it here, so that leaving is one step. */
export interface LinePoller {
  place: Place;
  /** The caller left: nothing can be delivered. */
  gone: boolean;
  /** It waited as long as it wanted to; it is answered at the end of the claim that runs for it. */
  expired: boolean;
}

/** What a line does to the world. `claim` must be answered later by `claimed` or `claimFailed`, never within the call. */
export interface LineOutlet<Poller, Item> {
  claim(pollers: readonly Poller[]): void;
  /** False when the caller turned out to be gone: the item is given back. */
  deliver(poller: Poller, item: Item): boolean;
  /** There is nothing for it. */
  dismiss(poller: Poller): void;
  fail(poller: Poller, error: unknown): void;
  release(items: readonly Item[]): void;
}

export class WorkLine<Poller extends LinePoller, Item> {
  readonly #outlet: LineOutlet<Poller, Item>;
  readonly #parked = new Set<Poller>();
  #claiming: readonly Poller[] | undefined;
  #ready = true;
  #hintedMeanwhile = false;

  constructor(outlet: LineOutlet<Poller, Item>) {
    this.#outlet = outlet;
  }

  /** Pollers that wait for a claim; those of the running claim are not among them. */
  get parked(): number {
    return this.#parked.size;
  }

  /** Nobody waits and nothing runs: the line may be forgotten. */
  get idle(): boolean {
    return this.#parked.size === 0 && this.#claiming === undefined;
  }

  /** Takes in a poller. One that came expired does not want to wait: a claim is made for it even without a hint. */
  park(poller: Poller): void {
    this.#add(poller);
    if (poller.expired) this.hint();
    else this.#advance();
  }

  /** Work may have arrived. */
  hint(): void {
    this.#ready = true;
    if (this.#claiming !== undefined) this.#hintedMeanwhile = true;
    else this.#advance();
  }

  /** The caller of the poll left. */
  leave(poller: Poller): void {
    poller.gone = true;
    if (poller.place !== "parked") return;
    this.#parked.delete(poller);
    poller.place = "done";
  }

  /** The time of the poll is over. */
  expire(poller: Poller): void {
    poller.expired = true;
    if (poller.place === "parked") this.#end(poller);
  }

  /** Ends every wait; what is being claimed is still delivered. */
  expireAll(): void {
    for (const poller of this.#claiming ?? []) poller.expired = true;
    for (const poller of [...this.#parked]) this.expire(poller);
  }

  claimed(items: readonly Item[]): void {
    const pollers = this.#finishClaim();
    if (items.length < pollers.length && !this.#hintedMeanwhile) this.#ready = false;
    const undelivered: Item[] = [];
    items.forEach((item, index) => {
      const poller = pollers[index];
      if (poller === undefined || poller.gone || !this.#deliver(poller, item)) undelivered.push(item);
    });
    for (let index = items.length; index < pollers.length; index++) this.#return(pollers[index] as Poller);
    if (undelivered.length > 0) this.#outlet.release(undelivered);
    this.#advance();
  }

  /** The claim failed as a whole. Its pollers are told; the line stays ready, so the next poll tries again. */
  claimFailed(error: unknown): void {
    for (const poller of this.#finishClaim()) {
      poller.place = "done";
      if (!poller.gone) this.#outlet.fail(poller, error);
    }
    this.#advance();
  }

  #advance(): void {
    if (!this.#ready || this.#claiming !== undefined || this.#parked.size === 0) return;
    const pollers: Poller[] = [];
    for (const poller of this.#parked) {
      this.#parked.delete(poller);
      poller.place = "claiming";
      if (pollers.push(poller) === claimPollersMax) break;
    }
    this.#claiming = pollers;
    this.#hintedMeanwhile = false;
    this.#outlet.claim(pollers);
  }

  #finishClaim(): readonly Poller[] {
    const pollers = this.#claiming;
    if (pollers === undefined) throw new Error("no claim is running on this line");
    this.#claiming = undefined;
    return pollers;
  }

  #deliver(poller: Poller, item: Item): boolean {
    poller.place = "done";
    return this.#outlet.deliver(poller, item);
  }

  /** A poller that got nothing waits on, behind the others: work is spread over all who wait. */
  #return(poller: Poller): void {
    if (poller.gone) poller.place = "done";
    else if (poller.expired) this.#end(poller);
    else this.#add(poller);
  }

  #add(poller: Poller): void {
    poller.place = "parked";
    this.#parked.add(poller);
  }

  #end(poller: Poller): void {
    this.#parked.delete(poller);
    poller.place = "done";
    this.#outlet.dismiss(poller);
  }
}
