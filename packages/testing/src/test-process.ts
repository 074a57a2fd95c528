import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { guardAgainstOrphaning } from "@flovyn/embedded-postgres";

/** Starting a server took 20 s on a busy machine; one that ends before the line is noticed at once. */
const LINE_TIMEOUT_MS = 120_000;
/** More than a server takes for its drain at the most. */
const STOP_TIMEOUT_MS = 40_000;
/** Enough for an error message with its surroundings; a process that logs for minutes must not fill the memory. */
const KEPT_LINES = 2000;
const SHOWN_LINES = 40;

export interface ProcessOptions {
  /** Stands for the process in error messages. */
  name: string;
  command: string;
  args?: string[];
  cwd?: string;
  /** Added to the environment of this process; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Starts a process whose output is kept. It ends with this process, even when this process is killed. */
export function spawnProcess(options: ProcessOptions): TestProcess {
  return new TestProcess(options);
}

export class TestProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  #lines: string[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);
  #exit: ProcessExit | undefined;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    const child = spawn(options.command, options.args ?? [], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.pid = child.pid ?? -1;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#keep(line));
    }
    this.exited = new Promise((resolve) => {
      const end = (exit: ProcessExit) => {
        if (this.#exit) return;
        this.#exit = exit;
        resolve(exit);
        this.#events.emit("exit");
      };
      child.once("error", (error) => {
        this.#keep(error.message);
        end({ code: null, signal: null });
      });
      // Not "exit": the last lines are read by now.
      child.once("close", (code, signal) => end({ code, signal }));
    });
    guardAgainstOrphaning(child, { signal: "KILL" });
  }

  /** Standard output and standard error, line by line in the order of arrival; only the newest when there are many. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** The first line that matches, seen already or still to come. Fails when the process ends first or `timeoutMs` pass. */
  waitForLine(pattern: RegExp, options: { timeoutMs?: number } = {}): Promise<RegExpExecArray> {
    const timeoutMs = options.timeoutMs ?? LINE_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#events.off("line", look).off("exit", failAtExit);
        end();
      };
      const look = (line: string) => {
        const match = pattern.exec(line);
        if (match) settle(() => resolve(match));
        return match !== null;
      };
      const failAtExit = () => settle(() => reject(this.#failure(`ended before printing a line like ${pattern}`)));
      const failLate = () =>
        settle(() => reject(this.#failure(`printed no line like ${pattern} within ${timeoutMs} ms`)));
      const timer = setTimeout(failLate, timeoutMs);
      this.#events.on("line", look).on("exit", failAtExit);
      if (!this.#lines.some(look) && this.#exit) failAtExit();
    });
  }

  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal, SIGKILL by default, and waits for the end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<ProcessExit> {
    if (this.running) this.#child.kill(signal);
    return await this.exited;
  }

  /** Asks the process to end and waits; kills it and fails when it does not end in time. */
  async stop(options: { timeoutMs?: number } = {}): Promise<ProcessExit> {
    const timeoutMs = options.timeoutMs ?? STOP_TIMEOUT_MS;
    if (this.#exit) return this.#exit;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill("SIGKILL");
    }, timeoutMs);
    this.#child.kill("SIGTERM");
    const exit = await this.exited;
    clearTimeout(timer);
    if (late) throw this.#failure(`did not end within ${timeoutMs} ms of SIGTERM`);
    return exit;
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT_LINES) {
      this.#lines = this.#lines.slice(-KEPT_LINES);
    }
    this.#events.emit("line", line);
  }

  #failure(what: string): Error {
    const exit = this.#exit ? ` (code ${this.#exit.code}, signal ${this.#exit.signal})` : "";
    const tail = this.#lines.slice(-SHOWN_LINES).join("\n");
    return new Error(`${this.name} ${what}${exit}. Its last lines:\n${tail}`);
  }
}
