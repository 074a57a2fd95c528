import type { Bus } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import { WorkerKindsRequest, WorkerKindsResponse } from "@flovyn/proto/internal";
import { gatewayCaller } from "../auth/gateway-caller.js";
import type { Budget } from "../budgets/budget.js";
import { claimTimeoutMs, workerKindsMax, workerKindsTtlMs } from "../limits.js";
import { type NamedWorker, workerKey } from "../presence/named-worker.js";
import { anyKind, type KindsFilter, kindsFilter } from "./kinds-filter.js";

/** What a worker declared when it registered. A worker that never did, or that declared none of one sort, takes any kind of it. */
export interface WorkerKinds {
  readonly workflow: KindsFilter;
  readonly task: KindsFilter;
  readonly loadedAtMs: number;
}

/**
 * The kinds of workers, asked of dispatch and remembered. An answer is good for `workerKindsTtlMs`, and longer while
 * nothing stirs on the queue the worker polls: idle workers must not cost a query each, again and again.
 */
export class WorkerKindsCache {
  readonly #bus: Bus;
  readonly #now: () => number;
  readonly #budget: Budget;
  readonly #entries = new Map<string, WorkerKinds & { org: string }>();
  readonly #loading = new Map<string, Promise<WorkerKinds>>();

  /** `budget` is for the bytes of the lists of kinds. */
  constructor(options: { bus: Bus; now: () => number; budget: Budget }) {
    this.#bus = options.bus;
    this.#budget = options.budget;
    this.#now = options.now;
  }

  /** What is known, possibly out of date. */
  peek(worker: NamedWorker): WorkerKinds | undefined {
    return this.#entries.get(workerKey(worker));
  }

  /** Whether what is known is good without another look. */
  isFresh(kinds: WorkerKinds): boolean {
    return this.#now() - kinds.loadedAtMs < workerKindsTtlMs;
  }

  /** Asks dispatch; callers that ask at the same time share one request. Errors: Unavailable, Timeout. */
  load(worker: NamedWorker): Promise<WorkerKinds> {
    const id = workerKey(worker);
    const running = this.#loading.get(id);
    if (running !== undefined) return running;
    const loading = this.#ask(worker).then(
      (kinds) => {
        if (this.#finish(id, loading)) this.#remember(id, worker.orgId, kinds);
        return kinds;
      },
      (error: unknown) => {
        this.#finish(id, loading);
        throw error;
      },
    );
    this.#loading.set(id, loading);
    return loading;
  }

  /** The worker registered anew: what is known, or being asked, no longer holds. */
  forget(worker: NamedWorker): void {
    const id = workerKey(worker);
    this.#drop(id);
    this.#loading.delete(id);
  }

  async #ask({ orgId, principal, workerId }: NamedWorker): Promise<WorkerKinds> {
    // The answer is as old as the question, since a registration may come between them.
    const loadedAtMs = this.#now();
    try {
      const answer = await this.#bus.request({
        service: "dispatch",
        operation: "internal/WorkerKinds",
        payload: WorkerKindsRequest.encode({ workerId, principal }).finish(),
        timeoutMs: claimTimeoutMs,
        caller: gatewayCaller(orgId),
        requestId: newId(),
        traceparent: "",
      });
      const { registered, workflowKinds, taskKinds } = WorkerKindsResponse.decode(answer);
      if (!registered) return { workflow: anyKind, task: anyKind, loadedAtMs };
      return { workflow: kindsFilter(workflowKinds), task: kindsFilter(taskKinds), loadedAtMs };
    } catch (error) {
      if (error instanceof DomainError && error.code === "NotFound") {
        return { workflow: anyKind, task: anyKind, loadedAtMs };
      }
      throw error;
    }
  }

  /** False when the worker registered anew while it was asked about. */
  #finish(id: string, loading: Promise<WorkerKinds>): boolean {
    return this.#loading.get(id) === loading && this.#loading.delete(id);
  }

  /** An org that keeps too many kinds is asked about at each poll of its workers. */
  #remember(id: string, org: string, kinds: WorkerKinds): void {
    this.#drop(id);
    if (!this.#budget.tryTake({ org }, bytesOf(kinds))) return;
    if (this.#entries.size >= workerKindsMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#drop(oldest.value);
    }
    this.#entries.set(id, { ...kinds, org });
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#budget.give({ org: entry.org }, bytesOf(entry));
  }
}

function bytesOf({ workflow, task }: WorkerKinds): number {
  return workflow.bytes + task.bytes;
}
