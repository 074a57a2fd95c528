export type PromiseStatus = "OPEN" | "RESOLVED" | "REJECTED" | "TIMED_OUT" | "CANCELLED";

/** A promise of a workflow: read under the lock of the workflow. Its identity is the id; names may repeat. */
export interface DurablePromise {
  readonly id: string;
  readonly orgId: string;
  readonly workflowId: string;
  readonly name: string;
  readonly status: PromiseStatus;
  readonly value: Uint8Array | null;
  readonly error: string | null;
  readonly timeoutAtMs: number | null;
}

export type Settlement =
  | { readonly type: "RESOLVED"; readonly value: Uint8Array }
  | { readonly type: "REJECTED"; readonly error: string };

export interface CreatePromise {
  /** Made by the server before the event. */
  promiseId: string;
  name: string;
  timeoutMs: number | null;
  idempotencyKey: string | null;
  keyTtlSeconds: number;
}

/** A promise that a submission creates. */
export interface CreatedPromise extends CreatePromise {
  timeoutAtMs: number | null;
  /** Sequence of its PROMISE_CREATED event. */
  createdSequence: number;
}
