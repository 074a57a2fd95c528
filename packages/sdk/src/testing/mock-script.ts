/** What a mock gives for a call: a value, an error to reject with, or a function of the input and the number of the call. */
export type Scripted = unknown | Error | ((input: never, call: number) => unknown);

/** Scripted results by name, and how often each was asked for. */
export class Script {
  readonly #results: Readonly<Record<string, Scripted>>;
  readonly #option: string;
  readonly #calls = new Map<string, number>();

  /** `option` is where a result belongs that is missing. */
  constructor(option: string, results: Readonly<Record<string, Scripted>> = {}) {
    this.#option = option;
    this.#results = results;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#results, name);
  }

  /** The scripted result. Errors: the scripted one; Error when nothing is scripted. */
  async play(name: string, input: unknown): Promise<unknown> {
    if (!this.has(name)) {
      const key = JSON.stringify(name);
      throw new MissingResultError(`no result is scripted for ${key}; give ${this.#option}: { ${key}: … } to the mock`);
    }
    const call = (this.#calls.get(name) ?? 0) + 1;
    this.#calls.set(name, call);
    const scripted = this.#results[name];
    const result = typeof scripted === "function" ? await scripted(input as never, call) : scripted;
    if (result instanceof Error) throw result;
    return result;
  }
}

/** A test lacks a result. The mock hands it on as it is, so that no code under test takes it for a failure of a task. */
export class MissingResultError extends Error {
  override readonly name = "MissingResultError";
}
