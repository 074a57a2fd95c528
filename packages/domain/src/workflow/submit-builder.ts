import type { ChangeBuilder } from "./change.js";
import type { CreatedSoFar } from "./created-so-far.js";
import type { SubmitFacts } from "./submit-effects.js";

/** One submission while its commands are applied. */
export interface SubmitBuilder {
  readonly change: ChangeBuilder;
  readonly created: CreatedSoFar;
  readonly facts: SubmitFacts;
  readonly now: number;
  /** Some command asks again for what an earlier activation asked for, as a worker does that could not read the history. */
  asksAgain: boolean;
  /** The worker says up to which event it has read. */
  readonly tellsSeen: boolean;
}
