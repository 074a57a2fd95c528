import { Authorizer, PolicyError, type PolicySource } from "@flovyn/authz";
import { ConfigError, type Logger } from "@flovyn/runtime";
import { policyPollMs } from "../limits.js";
import { PolicyFileError, readPolicyFiles } from "./policy-files.js";

export interface PolicyWatchOptions {
  /** Files and folders of the configuration. */
  paths: readonly string[];
  mode: "extend" | "replace";
  log: Logger;
}

/**
 * The policies in force. Files are read again every few seconds, which also sees files that are mounted and swapped as a
 * whole; what has changed and holds takes effect at once, what does not hold is logged and changes nothing.
 */
export class PolicyWatch {
  readonly #options: PolicyWatchOptions;
  #current: Authorizer;
  /** Of what is in force, or was refused last. */
  #seen = "[]";
  #version = 1;
  readonly #listeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: PolicyWatchOptions) {
    this.#options = options;
    this.#current = this.#authorizer([]);
  }

  get current(): Authorizer {
    return this.#current;
  }

  /** Counts up with every change that took effect. */
  get version(): number {
    return this.#version;
  }

  /** Called after a change took effect. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the files for the first time. Errors: ConfigError with every problem. */
  async start(): Promise<void> {
    if (this.#options.paths.length === 0) return;
    try {
      const sources = await readPolicyFiles(this.#options.paths);
      this.#current = this.#authorizer(sources);
      this.#seen = JSON.stringify(sources);
    } catch (error) {
      throw new ConfigError(problemsOf(error).map((problem) => `auth.cedar.policies: ${problem}`));
    }
    this.#timer = setInterval(() => void this.runOnce(), policyPollMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Looks whether the files have changed. */
  runOnce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { log, paths } = this.#options;
    try {
      const sources = await readPolicyFiles(paths);
      const seen = JSON.stringify(sources);
      if (seen === this.#seen) return;
      this.#seen = seen;
      this.#current = this.#authorizer(sources);
      this.#version += 1;
      log.info({ version: this.#version, policies: this.#current.policies.policies.size }, "policies changed");
      for (const listener of this.#listeners) listener();
    } catch (error) {
      const problems = problemsOf(error);
      // The same file that cannot be read is not news.
      const seen = error instanceof PolicyFileError ? JSON.stringify(problems) : this.#seen;
      if (error instanceof PolicyFileError && seen === this.#seen) return;
      this.#seen = seen;
      log.error({ problems, version: this.#version }, "changed policies are not valid: those before stay in force");
    }
  }

  #authorizer(sources: readonly PolicySource[]): Authorizer {
    const { mode, log } = this.#options;
    return new Authorizer({
      sources,
      // Before the files are read, and without any, the roles hold.
      mode: sources.length === 0 ? "extend" : mode,
      onError: (problem) => log.error({ problem }, "a policy could not be evaluated: the call is denied"),
    });
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof PolicyError) return error.problems;
  if (error instanceof PolicyFileError) return [error.message];
  // Nobody waits for a look at files: what goes wrong in it must not end the process.
  return [error instanceof Error ? error.message : String(error)];
}
