import { streamSubject } from "@flovyn/bus";
import { type LifecycleEvent, StreamHint } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import type { HintChannels } from "../hints/hint-channels.js";
import { followedChildrenMax } from "../limits.js";
import { chunkEvent, chunkTypeOf } from "./chunk-event.js";
import { lifecycleEvent } from "./lifecycle-event.js";
import type { LifecycleHints, LifecycleListener, LifecycleWatch } from "./lifecycle-hints.js";
import type { LiveEvent, StreamType } from "./live-event.js";

export interface FeedOrder {
  orgId: string;
  /** The workflow execution or task that is watched. */
  executionId: string;
  /** Where its chunks are sent: under its own id, or that of its workflow. */
  streamId: string;
  /** Only chunks of this task. */
  taskId?: string;
  /** Also what its children do, theirs, and so on. */
  children: boolean;
  types: ReadonlySet<StreamType>;
}

export interface FeedContext {
  hints: HintChannels;
  lifecycle: LifecycleHints;
  log: Logger;
}

/** Gathers what one execution, and those it starts, have to tell. Children are learnt from what happens to them. */
export class ExecutionFeed implements LifecycleListener {
  readonly #context: FeedContext;
  readonly #order: FeedOrder;
  readonly #tell: (event: LiveEvent) => void;
  readonly #wantsChunks: boolean;
  /** Executions whose chunks are listened to, with what ends that. */
  readonly #followed = new Map<string, () => void>();
  /** Children among them that ended: they make room for others. */
  readonly #ended = new Set<string>();
  #watch: LifecycleWatch | undefined;
  #stopped = false;
  #onSubscribed: () => void = () => {};

  constructor(context: FeedContext, order: FeedOrder, tell: (event: LiveEvent) => void) {
    this.#context = context;
    this.#order = order;
    this.#tell = tell;
    this.#wantsChunks = [...order.types].some((type) => type !== "events");
  }

  /** Begins to listen. Resolves when nothing is missed from now on. */
  async start(): Promise<void> {
    // A stream may end before it begins, and then nobody would stop what begins here.
    if (this.#stopped) return;
    const { orgId, executionId, streamId, types, children } = this.#order;
    const subscribed: Promise<void>[] = [];
    if (types.has("events") || children) {
      subscribed.push(
        new Promise((resolve) => {
          this.#onSubscribed = resolve;
          this.#watch = this.#context.lifecycle.watch(orgId, this);
        }),
      );
      this.#watch?.follow(executionId, children);
    }
    subscribed.push(new Promise((resolve) => this.#follow(executionId, streamId, resolve)));
    await Promise.all(subscribed);
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.stop();
    for (const unlisten of this.#followed.values()) unlisten();
    this.#followed.clear();
  }

  subscribed(): void {
    this.#onSubscribed();
  }

  lifecycle(event: LifecycleEvent): void {
    const id = event.workflowExecutionId;
    if (!this.#followed.has(id) && !this.#adopt(id)) return;
    if (id !== this.#order.executionId && isTerminal(event.status)) this.#ended.add(id);
    if (this.#order.types.has("events")) this.#tell(lifecycleEvent(event));
  }

  /** False when there is no room for one more child. */
  #adopt(childId: string): boolean {
    if (this.#followed.size > followedChildrenMax) {
      const [oldest] = this.#ended;
      if (oldest === undefined) return false;
      this.#ended.delete(oldest);
      this.#watch?.unfollow(oldest);
      this.#followed.get(oldest)?.();
      this.#followed.delete(oldest);
    }
    this.#watch?.follow(childId, true);
    this.#follow(childId, childId, () => {});
    return true;
  }

  #follow(executionId: string, streamId: string, onSubscribed: () => void): void {
    if (!this.#wantsChunks) {
      this.#followed.set(executionId, () => {});
      onSubscribed();
      return;
    }
    const listener = { hint: (payload: Uint8Array) => this.#chunk(payload), subscribed: onSubscribed };
    const subject = streamSubject(this.#order.orgId, streamId);
    this.#followed.set(executionId, this.#context.hints.listen(subject, listener));
  }

  #chunk(payload: Uint8Array): void {
    const { taskId, types } = this.#order;
    try {
      const chunk = StreamHint.decode(payload);
      const type = chunkTypeOf(chunk);
      if (type === undefined || !types.has(type)) return;
      if (taskId !== undefined && chunk.taskExecutionId !== taskId) return;
      this.#tell(chunkEvent(chunk, type));
    } catch (err) {
      this.#context.log.warn({ err, bytes: payload.byteLength }, "a chunk of a task could not be read");
    }
  }
}

function isTerminal(status: string): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}
