import type { Logger } from "../logger.js";

/**
 * Pieces of a task's work for whoever watches it live. They go out in order, as fast as they can be sent; what comes too fast,
 * cannot be sent or cannot be written as JSON is dropped with a line in the log. Nothing of it fails the task, and nothing of
 * it is kept in history.
 */
export interface TaskStream {
  /** A piece of text, as a language model gives it. */
  token(text: string): void;
  /** How far the work is, from 0 to 1. */
  progress(progress: number, details?: string): void;
  /** Any value with a JSON form. */
  data(value: unknown): void;
  /** A problem that does not end the task. */
  error(message: string, code?: string): void;
}

/** What a task function works with. */
export interface TaskContext {
  readonly taskId: string;
  /** The workflow that scheduled it, undefined for a task of its own. */
  readonly workflowId: string | undefined;
  readonly kind: string;
  readonly queue: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** Attempts that may follow the first one. */
  readonly maxRetries: number;
  /**
   * Aborted when the attempt is of no use any more: its time is up, the server took the task away, or the worker stops.
   * The reason is a TaskAbortedError.
   */
  readonly signal: AbortSignal;
  /** Lines go to the worker's logger and to the server. */
  readonly log: Logger;
  /** For whoever watches the task live. */
  readonly stream: TaskStream;

  /**
   * Tells how far the work is, from 0 to 1. The latest report wins when they come faster than they can be sent; one that
   * cannot be sent is dropped. Errors: RangeError.
   */
  reportProgress(progress: number, details?: string): void;
  /**
   * Tells the server that the task is alive, at once. The worker does so by itself; code may use it to learn early that
   * the task was taken away: then the signal is aborted.
   */
  heartbeat(): Promise<void>;

  /** A value of the task's own state, which outlives the attempt; null when the key has none. */
  get<Value = unknown>(key: string): Promise<Value | null>;
  set(key: string, value: unknown): Promise<void>;
  clear(key: string): Promise<void>;
  clearAll(): Promise<void>;
  keys(): Promise<string[]>;
}
