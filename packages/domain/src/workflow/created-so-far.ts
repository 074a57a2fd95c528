import { MeantPromises } from "../promise/meant-promises.js";
import type { CreatedPromise } from "../promise/state.js";
import type { ArmedTimer } from "../timer/state.js";
import { noEffects, type ScheduledChild, type ScheduledTask, type SubmitFacts } from "./submit-effects.js";

/**
 * What a submission has created so far, by all that a later command of it may call it. A submission holds thousands of
 * commands, so none of them may look through what the others did.
 */
export class CreatedSoFar {
  readonly effects = noEffects();
  readonly promises: MeantPromises;
  readonly #tasks = new Map<string, ScheduledTask>();
  readonly #timers = new Set<string>();
  readonly #childrenById = new Map<string, ScheduledChild>();
  readonly #childrenByName = new Map<string, ScheduledChild>();
  readonly #promiseIdsByKey = new Map<string, string>();

  constructor(facts: SubmitFacts) {
    this.promises = new MeantPromises((idOrName) => facts.promises(idOrName));
  }

  addTask(task: ScheduledTask): void {
    this.effects.tasks.push(task);
    this.#tasks.set(task.taskId, task);
  }

  task(id: string): ScheduledTask | undefined {
    return this.#tasks.get(id);
  }

  addTimer(timer: ArmedTimer): void {
    this.effects.timers.push(timer);
    this.#timers.add(timer.timerId);
  }

  hasTimer(timerId: string): boolean {
    return this.#timers.has(timerId);
  }

  addChild(child: ScheduledChild): void {
    this.effects.children.push(child);
    this.#childrenById.set(child.childId, child);
    this.#childrenByName.set(child.name, child);
  }

  child(id: string): ScheduledChild | undefined {
    return this.#childrenById.get(id);
  }

  childNamed(name: string): ScheduledChild | undefined {
    return this.#childrenByName.get(name);
  }

  addPromise(promise: CreatedPromise): void {
    const { promiseId, name, idempotencyKey } = promise;
    this.effects.promises.push(promise);
    this.promises.open(promiseId, name);
    if (idempotencyKey !== null) this.#promiseIdsByKey.set(idempotencyKey, promiseId);
  }

  /** Id of the promise that took the idempotency key. */
  promiseWithKey(key: string): string | undefined {
    return this.#promiseIdsByKey.get(key);
  }
}
