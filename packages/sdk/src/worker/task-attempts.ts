import type { TaskExecutionInfo } from "@flovyn/proto/v1";
import type { AnyTask } from "../definitions/task.js";
import { TaskAttempt } from "./task-attempt.js";
import { TaskReports } from "./task-reports.js";
import type { WorkerScope } from "./worker-scope.js";

/** Runs tasks that were handed to this worker, one attempt each. */
export class TaskAttempts {
  readonly #scope: WorkerScope;
  readonly #definitions: ReadonlyMap<string, AnyTask>;
  readonly #leaseMs: number;
  readonly #reports: TaskReports;
  /** By the id of the task. */
  readonly #running = new Map<string, TaskAttempt>();

  constructor(scope: WorkerScope, definitions: ReadonlyMap<string, AnyTask>, leaseMs: number) {
    this.#scope = scope;
    this.#definitions = definitions;
    this.#leaseMs = leaseMs;
    this.#reports = new TaskReports(scope);
  }

  /**
   * Never rejects. A task that this worker still runs, because the server took it for lost, is not run a second time: the
   * attempt goes on under the new claim. Another worker may know a kind that this one does not, so the task keeps its retries. */
  async run(task: TaskExecutionInfo): Promise<void> {
    const definition = this.#definitions.get(task.kind);
    if (definition === undefined) {
      await this.#reports.fail(task, { error: `Unknown task kind "${task.kind}"` }, this.#scope.log);
      return;
    }
    const { taskExecutionId: id } = task;
    if (this.#running.get(id)?.adopt(task)) return;
    const attempt = new TaskAttempt({ scope: this.#scope, reports: this.#reports, task, leaseMs: this.#leaseMs });
    this.#running.set(id, attempt);
    try {
      await attempt.run(definition);
    } finally {
      if (this.#running.get(id) === attempt) this.#running.delete(id);
    }
  }
}
