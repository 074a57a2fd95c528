import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow } from "../definitions/workflow.js";
import { guardAbandonedRejections } from "../engine/abandoned-rejections.js";
import { eventLoopTurn } from "../engine/quiescence.js";
import type { Logger } from "../logger.js";
import { settledWithin } from "../wire/pause.js";
import { runAttempt } from "./world/run-attempt.js";
import { runExecution } from "./world/run-execution.js";
import { World } from "./world/world.js";

export interface DriverOptions {
  readonly startMs: number;
  readonly workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly log: Logger;
}

export interface Wait {
  /** On the clock of the world. */
  readonly timeoutMs?: number;
  /** In real time, when nothing can happen any more. */
  readonly stuckMs: number;
  timeoutError(): Error;
  stuckError(): Error;
}

/** Nothing is taken to go on when nothing has happened for so many turns of the event loop. */
const quietTurns = 3;

/**
 * Runs what can run in a world, and lets time jump to what is due next when somebody waits and nothing else can run. Tasks
 * run in real time: while one does, time only moves when a test moves it.
 */
export class Driver {
  readonly world: World;
  readonly #options: DriverOptions;
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;
  #version = 0;
  /** Called when something has changed. */
  readonly #watchers = new Set<() => void>();
  #busy = false;
  /** How many want time to jump, and how many move it by hand. */
  #waiting = 0;
  #advancing = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.world = new World(options.startMs, () => this.#changed());
  }

  /** Waits for something, and lets time jump meanwhile. Rejects with the errors of the wait. */
  async until(done: () => boolean, wait: Wait): Promise<void> {
    const { timeoutMs } = wait;
    let late = false;
    let over = false;
    if (timeoutMs !== undefined) {
      const fire = () => {
        late = true;
      };
      this.world.due.add({ atMs: this.world.nowMs + timeoutMs, isOpen: () => !over, fire });
    }
    this.#waiting += 1;
    this.#goOn();
    try {
      while (!done()) {
        if (late) throw wait.timeoutError();
        await this.#happens(wait);
      }
    } finally {
      over = true;
      this.#waiting -= 1;
    }
  }

  /** Waits until nothing can run without time; tasks that wait for something outside go on. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; ) {
      const before = this.#version;
      await eventLoopTurn();
      quiet = this.#version === before && !this.#busy ? quiet + 1 : 0;
    }
  }

  /** Moves the clock, through all that is due until then. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.world.nowMs + ms;
    this.#advancing += 1;
    try {
      for (;;) {
        await this.idle();
        const due = this.world.due.first();
        if (due === undefined || due.atMs > untilMs) break;
        this.#jump();
      }
      this.world.nowMs = untilMs;
      await this.idle();
    } finally {
      this.#advancing -= 1;
      this.#goOn();
    }
  }

  async #run(): Promise<void> {
    const unguard = guardAbandonedRejections(this.#options.log);
    // What a test does right away comes before the first activation.
    await eventLoopTurn();
    for (;;) {
      const before = this.#version;
      await this.#work();
      if (this.#running.size > 0) {
        await this.#change(before);
        continue;
      }
      // The code of the test has its say before time jumps.
      await eventLoopTurn();
      if (this.#version !== before) continue;
      if (this.#waiting === 0 || this.#advancing > 0 || this.world.due.first() === undefined) break;
      this.#jump();
    }
    unguard();
    this.#loop = undefined;
  }

  /** Runs activations and starts attempts until there are none that may run now. */
  async #work(): Promise<void> {
    this.#busy = true;
    const { workflows, log } = this.#options;
    for (;;) {
      this.#startAttempts();
      const [execution] = this.world.pending;
      if (execution === undefined) break;
      await runExecution(this.world, execution, { definition: workflows.get(execution.workflow.kind), log });
    }
    this.#busy = false;
  }

  #startAttempts(): void {
    const { world } = this;
    for (const entry of [...world.pendingTasks]) {
      if (entry.task.availableAtMs > world.nowMs) continue;
      const attempt = runAttempt(world, entry, this.#options.tasks.get(entry.task.kind)).finally(() => {
        this.#running.delete(attempt);
        this.#changed();
      });
      this.#running.add(attempt);
    }
  }

  /** Waits for the next change. */
  async #change(since: number): Promise<void> {
    if (this.#version !== since) return;
    await new Promise<void>((resolve) => {
      const watcher = () => {
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  /** Waits for the next change, but not for ever once nothing can happen any more. */
  async #happens({ stuckMs, stuckError }: Wait): Promise<void> {
    const since = this.#version;
    await Promise.race([this.#change(since), this.#loop]);
    if (this.#loop !== undefined || this.#version !== since) return;
    const changed = await settledWithin(
      this.#change(since).then(() => true),
      stuckMs,
    );
    if (changed !== true) throw stuckError();
  }

  #jump(): void {
    const due = this.world.due.take();
    if (due === undefined) return;
    this.world.nowMs = Math.max(this.world.nowMs, due.atMs);
    due.fire();
    this.#changed();
  }

  /** Something may have become possible. */
  #changed(): void {
    this.#version += 1;
    for (const watcher of [...this.#watchers]) watcher();
    this.#goOn();
  }

  #goOn(): void {
    this.#loop ??= this.#run();
  }
}
