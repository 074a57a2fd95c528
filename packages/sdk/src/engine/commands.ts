/** What an activation asks of the server, before it takes its wire form. Payloads are JSON bytes. */
export type Command =
  | RecordOperation
  | SetState
  | ClearState
  | ScheduleTask
  | StartTimer
  | CancelTimer
  | CreatePromise
  | ResolvePromise
  | ScheduleChildWorkflow
  | RequestCancelChildWorkflow;

export interface RecordOperation {
  readonly type: "RECORD_OPERATION";
  readonly name: string;
  readonly result: Buffer;
}

export interface SetState {
  readonly type: "SET_STATE";
  readonly key: string;
  readonly value: Buffer;
}

export interface ClearState {
  readonly type: "CLEAR_STATE";
  readonly key: string;
}

export interface ScheduleTask {
  readonly type: "SCHEDULE_TASK";
  readonly taskId: string;
  readonly kind: string;
  readonly input: Buffer;
  readonly queue: string | undefined;
  readonly prioritySeconds: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxRetries: number | undefined;
  /** JSON text. */
  readonly retryPolicy: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly idempotencyKeyTtlSeconds: number | undefined;
}

export interface StartTimer {
  readonly type: "START_TIMER";
  readonly timerId: string;
  readonly durationMs: number;
}

export interface CancelTimer {
  readonly type: "CANCEL_TIMER";
  readonly timerId: string;
}

/** The server makes the id. */
export interface CreatePromise {
  readonly type: "CREATE_PROMISE";
  readonly name: string;
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly idempotencyKeyTtlSeconds: number | undefined;
}

export interface ResolvePromise {
  readonly type: "RESOLVE_PROMISE";
  /** The id where it is known, else the name. */
  readonly promise: string;
  readonly value: Buffer;
}

export interface ScheduleChildWorkflow {
  readonly type: "SCHEDULE_CHILD_WORKFLOW";
  readonly name: string;
  readonly workflowId: string;
  readonly kind: string;
  readonly input: Buffer;
  readonly queue: string | undefined;
  readonly prioritySeconds: number | undefined;
}

export interface RequestCancelChildWorkflow {
  readonly type: "REQUEST_CANCEL_CHILD_WORKFLOW";
  /** Empty when only the id is known. */
  readonly name: string;
  readonly workflowId: string;
  readonly reason: string;
}

/** How an activation ended. ABANDONED: it was aborted, nothing of it may be submitted. */
export type Outcome =
  | { readonly status: "SUSPENDED"; readonly waitsFor: "task" | "child" | "signal" | "promise" | "timer" }
  | { readonly status: "COMPLETED"; readonly output: Buffer }
  | { readonly status: "FAILED"; readonly error: string; readonly stackTrace: string }
  | { readonly status: "CANCELLED"; readonly reason: string }
  | { readonly status: "ABANDONED" };
