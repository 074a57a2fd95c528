import type { Logger } from "../logger.js";

/** So many signals of one definition are warned of; names may be made up without end. */
const namesMax = 100;

const warned = new WeakMap<object, Set<string>>();

/** Warns of signals that may be lost, once for each name and definition in this process: every replay would say it again. */
export class SignalWarnings {
  readonly #definition: object;
  readonly #log: Logger;

  constructor(definition: object, log: Logger) {
    this.#definition = definition;
    this.#log = log;
  }

  /** A signal went to a wait of an earlier round, while one of a later round waits for the same name. */
  earlierRound(name: string): void {
    const names = warned.get(this.#definition) ?? new Set();
    warned.set(this.#definition, names);
    if (names.has(name) || names.size >= namesMax) return;
    names.add(name);
    this.#log.warn(
      `signal ${JSON.stringify(name)} went to a wait that began before the one made last; if that wait lost a Promise.race, ` +
        "the signal is lost: use ctx.race, which gives up the losers, or cancel() the wait",
      { signal: name },
    );
  }
}
