/** What an activation asks of the server, before it takes its wire form. Payloads are JSON bytes. */
export type Command = RecordOperation | SetState | ClearState | ScheduleTask;

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

/** How an activation ended. ABANDONED: it was aborted, nothing of it may be submitted. */
export type Outcome =
  | { readonly status: "SUSPENDED" }
  | { readonly status: "COMPLETED"; readonly output: Buffer }
  | { readonly status: "FAILED"; readonly error: string; readonly stackTrace: string }
  | { readonly status: "ABANDONED" };
