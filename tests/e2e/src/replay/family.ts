import type { WorkflowCommand, WorkflowEvent } from "@flovyn/proto/v1";
import type { Submission } from "../worker/submission.js";
import type { Replayed } from "./replayed.js";

/** How the code of a workflow ended in one activation. */
export type End = { type: "suspended" } | { type: "completed"; output: string } | { type: "failed"; error: string };

export interface IdSource {
  /** Id of the next new task or child. */
  next(): string;
  /** The call was in the history: no id is needed for it. */
  skip(): void;
}

/** One line of SDKs that replay and report in the same way. */
export interface Family {
  readonly name: "rust" | "ffi" | "napi" | "kotlin";
  /** Errors: ReplayError where the SDK would give up. */
  read(events: readonly WorkflowEvent[]): Replayed;
  ids(executionId: string): IdSource;
  /** Of the n-th timer, from 0. */
  timerId(n: number): string;
  /** Of a child that the code gave no name. */
  childName(child: { kind: string; n: number; uuid: () => string }): string;
  /** Sent where the code names no queue for a child. */
  readonly childQueue: string;
  /** State is empty at the start of an activation, and a clear is sent at every replay. */
  readonly resendsClear: boolean;
  cancelChild(child: { id: string; name: string }): WorkflowCommand;
  /** The report of an activation that had so many events. */
  submission(commands: WorkflowCommand[], end: End, fetched: number): Submission;
}

/** Numbers the commands of a submission from `first` on, as they stand. */
export function numbered(submission: Submission, first: number): Submission {
  const commands = submission.commands.map((command, index) => ({ ...command, sequenceNumber: first + index }));
  return { ...submission, commands };
}
