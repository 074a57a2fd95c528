import type { Command } from "../src/engine/commands.js";
import type { HistoryEvent } from "../src/engine/history.js";
import type { ActivationResult } from "../src/engine/run-activation.js";
import { decodeJson } from "../src/json.js";

export interface SimulatedTask {
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
}

/** What the server does with one workflow, in memory: appends one event per command, ends tasks, refuses what it must. */
export class SimulatedWorkflow {
  readonly events: HistoryEvent[] = [];
  readonly tasks: SimulatedTask[] = [];
  readonly #ended = new Set<string>();
  status: "LIVE" | "COMPLETED" | "FAILED" = "LIVE";
  /** Output or error text. */
  result: unknown;

  constructor(input: unknown = null) {
    this.append("WORKFLOW_STARTED", { input });
  }

  get openTasks(): SimulatedTask[] {
    return this.tasks.filter((task) => !this.#ended.has(task.id));
  }

  /** The history as a poller gets it now. */
  history(): HistoryEvent[] {
    return [...this.events];
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  append(type: string, data: Record<string, unknown>): void {
    this.events.push({ sequence: this.events.length + 1, type, data: Buffer.from(JSON.stringify(data)) });
  }

  completeTask(id: string, output: unknown): void {
    this.#end(id, "TASK_COMPLETED", { output });
  }

  failTask(id: string, error: string): void {
    this.#end(id, "TASK_FAILED", { error });
  }

  submit({ commands, outcome }: ActivationResult): void {
    if (this.status !== "LIVE") throw new Error("the workflow is terminal");
    for (const command of commands) this.#apply(command);
    if (outcome.status === "COMPLETED") {
      this.status = "COMPLETED";
      this.result = decodeJson(outcome.output);
      this.append("WORKFLOW_COMPLETED", { output: this.result });
    } else if (outcome.status === "FAILED") {
      this.status = "FAILED";
      this.result = outcome.error;
      this.append("WORKFLOW_EXECUTION_FAILED", { error: outcome.error });
    }
  }

  #apply(command: Command): void {
    switch (command.type) {
      case "RECORD_OPERATION":
        this.append("OPERATION_COMPLETED", { operationName: command.name, result: decodeJson(command.result) });
        return;
      case "SET_STATE":
        this.append("STATE_SET", { key: command.key, value: decodeJson(command.value) });
        return;
      case "CLEAR_STATE":
        this.append("STATE_CLEARED", { key: command.key });
        return;
      case "SCHEDULE_TASK": {
        const { taskId: id, kind } = command;
        if (this.tasks.some((task) => task.id === id)) throw new Error(`task ${id} was scheduled twice`);
        this.tasks.push({ id, kind, input: decodeJson(command.input) });
        this.append("TASK_SCHEDULED", { taskExecutionId: id, kind, input: decodeJson(command.input) });
        return;
      }
    }
  }

  #end(id: string, type: string, data: Record<string, unknown>): void {
    if (!this.tasks.some((task) => task.id === id)) throw new Error(`task ${id} is not known`);
    if (this.#ended.has(id)) throw new Error(`task ${id} ended twice`);
    this.#ended.add(id);
    if (this.status === "LIVE") this.append(type, { taskExecutionId: id, ...data });
  }
}
