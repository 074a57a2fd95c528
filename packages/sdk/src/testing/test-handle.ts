import type { WorkflowStatus } from "@flovyn/domain";
import type { StartedWorkflow } from "../client/workflow-handle.js";
import type { TaskRecord } from "./task-record.js";

/** One event of a history, its data parsed. */
export interface TestEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A task of a workflow as it is now. */
export interface TestTask {
  readonly id: string;
  readonly kind: string;
  readonly status: "PENDING" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";
  /** Attempts so far. */
  readonly attempts: number;
  readonly input: unknown;
  /** What its function told through its context, in all attempts. */
  readonly recorded: TaskRecord;
}

/**
 * A workflow in a test server. `result` lets time jump: nothing takes longer than what the code does. Its `timeout` is time
 * of the test server.
 */
export interface TestHandle<Output = unknown> extends StartedWorkflow<Output> {
  status(): WorkflowStatus;
  history(): TestEvent[];
  /** In the order in which they were scheduled. */
  tasks(): TestTask[];
  /** A child workflow by its name. Errors: Error when there is none. */
  child<ChildOutput = unknown>(name: string): TestHandle<ChildOutput>;
}
