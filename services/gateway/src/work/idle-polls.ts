import type { DeadlineWheel } from "./deadline-wheel.js";
import { noWork, type ParkedPoll, type PollCount, type PollHost } from "./parked-poll.js";

export interface IdlePollsContext {
  wheel: DeadlineWheel;
  now: () => number;
  count: PollCount;
}

/** Polls for which there can be no work, since the gateway stops: they only wait their time. */
export class IdlePolls implements PollHost {
  readonly polls = new Set<ParkedPoll>();
  readonly #context: IdlePollsContext;

  constructor(context: IdlePollsContext) {
    this.#context = context;
  }

  park(poll: ParkedPoll, holdMs: number): void {
    poll.place = "parked";
    this.polls.add(poll);
    this.#context.count.polls += 1;
    if (holdMs <= 0) this.pollDue(poll);
    else this.#context.wheel.add(poll, this.#context.now() + holdMs);
  }

  expireAll(): void {
    for (const poll of [...this.polls]) this.pollDue(poll);
  }

  pollDue(poll: ParkedPoll): void {
    poll.place = "done";
    poll.answer(noWork);
  }

  pollEnded(poll: ParkedPoll): void {
    this.polls.delete(poll);
    this.#context.count.polls -= 1;
    this.#context.wheel.remove(poll);
  }

  pollLeft(poll: ParkedPoll): void {
    poll.gone = true;
    this.pollEnded(poll);
  }
}
