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

  constructor(scope: WorkerScope, definitions: ReadonlyMap<string, AnyTask>, leaseMs: number) {
    this.#scope = scope;
    this.#definitions = definitions;
    this.#leaseMs = leaseMs;
    this.#reports = new TaskReports(scope);
  }

  /** Never rejects. Another worker may know a kind that this one does not, so the task keeps its retries. */
  async run(task: TaskExecutionInfo): Promise<void> {
    const definition = this.#definitions.get(task.kind);
    if (definition === undefined) {
      await this.#reports.fail(task, { error: `Unknown task kind "${task.kind}"` }, this.#scope.log);
      return;
    }
    const attempt = { scope: this.#scope, reports: this.#reports, task, leaseMs: this.#leaseMs };
    await new TaskAttempt(attempt).run(definition);
  }
}
