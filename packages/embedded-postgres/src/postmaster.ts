import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Account } from "./account.js";
import { childEnvironment } from "./child-environment.js";
import { EmbeddedPostgresError } from "./errors.js";
import { guardAgainstOrphaning } from "./guard.js";

/** Crash recovery replays at most `max_wal_size`, which a slow disk does in less. */
const READY_MS = 120_000;
const CHECK_EVERY_MS = 5;
const FAST_STOP_MS = 20_000;
const IMMEDIATE_STOP_MS = 5_000;
const KEPT_LINES = 20;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One running postgres process, from spawn to exit. */
export class Postmaster {
  readonly pid: number;
  /** Settles when the process has ended, whoever ended it. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  #hasExited = false;

  constructor(options: {
    program: string;
    cluster: string;
    args: string[];
    account: Account | undefined;
    log: (line: string) => void;
  }) {
    // Its own session: a Ctrl-C in the terminal must reach it through stop(), after those that still write to it.
    const child = spawn(options.program, ["-D", options.cluster, ...options.args], {
      ...options.account,
      cwd: options.cluster,
      env: childEnvironment(),
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.exited = new Promise((resolve, reject) => {
      child.once("error", (cause) => {
        this.#hasExited = true;
        reject(new EmbeddedPostgresError("Unsupported", `Postgres cannot be started: ${cause.message}`, { cause }));
      });
      child.once("exit", (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
    // A failure to spawn is reported by waitUntilReady; nobody else has to listen.
    this.exited.catch(() => undefined);
    this.#readLog(options.log);
    guardAgainstOrphaning(child, { ...options.account, signal: "INT" });
    // A process that is done exits without stop(); the guard then ends Postgres.
    child.unref();
    if (child.stderr instanceof Socket) child.stderr.unref();
  }

  /** What Postgres printed last. */
  get output(): string {
    return this.#lastLines.join("\n");
  }

  /** Errors: Failed, with what Postgres printed. */
  async waitUntilReady(cluster: string): Promise<void> {
    const lockFile = join(cluster, "postmaster.pid");
    const deadline = Date.now() + READY_MS;
    while (!isReady(lockFile, this.pid)) {
      if (this.#hasExited) {
        const { code, signal } = await this.exited;
        throw new EmbeddedPostgresError("Failed", `Postgres ended with ${signal ?? `code ${code}`}:\n${this.output}`);
      }
      if (Date.now() > deadline) {
        await this.stop();
        throw new EmbeddedPostgresError("Failed", `Postgres was not ready after ${READY_MS / 1000} s:\n${this.output}`);
      }
      await pause(CHECK_EVERY_MS);
    }
  }

  /** Fast shutdown: open transactions are rolled back, a checkpoint is written. Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#child.ref();
    for (const [signal, withinMs] of [
      ["SIGINT", FAST_STOP_MS],
      ["SIGQUIT", IMMEDIATE_STOP_MS],
    ] as const) {
      if (this.#hasExited) return;
      this.#child.kill(signal);
      await Promise.race([this.exited, pause(withinMs, undefined, { ref: false })]);
    }
    if (!this.#hasExited) this.#child.kill("SIGKILL");
    await this.exited;
  }

  #readLog(log: (line: string) => void): void {
    if (!this.#child.stderr) return;
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#lastLines.push(line);
      if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
      log(line);
    });
  }
}

/** Line 8 of the lock file says `ready` once connections are accepted. */
function isReady(lockFile: string, pid: number): boolean {
  try {
    const lines = readFileSync(lockFile, "utf8").split("\n");
    return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
  } catch {
    // Not written yet.
    return false;
  }
}
