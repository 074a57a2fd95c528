import { lifecycleSubject } from "@flovyn/bus";
import { type LifecycleEvent, LifecycleHint } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import type { HintChannels, HintListener } from "../hints/hint-channels.js";

export interface LifecycleListener {
  lifecycle(event: LifecycleEvent): void;
  /** From now on nothing is missed. */
  subscribed(): void;
}

/** What one listener hears of the executions of an org. */
export interface LifecycleWatch {
  /** Hears of this execution too, and with `children` of those that it started. */
  follow(executionId: string, children: boolean): void;
  unfollow(executionId: string): void;
  stop(): void;
}

/** Passes on what happens to executions. One subscription and one decoding for each org, however many listen. */
export class LifecycleHints {
  readonly #hints: HintChannels;
  readonly #log: Logger;
  readonly #orgs = new Map<string, OrgLifecycle>();

  constructor(options: { hints: HintChannels; log: Logger }) {
    this.#hints = options.hints;
    this.#log = options.log;
  }

  watch(orgId: string, listener: LifecycleListener): LifecycleWatch {
    let org = this.#orgs.get(orgId);
    if (org === undefined) {
      org = new OrgLifecycle(this.#log);
      this.#orgs.set(orgId, org);
      org.listen(this.#hints.listen(lifecycleSubject(orgId), org));
    }
    const joined = org;
    return joined.join(listener, () => {
      if (this.#orgs.get(orgId) === joined) this.#orgs.delete(orgId);
    });
  }
}

type Index = Map<string, Set<LifecycleListener>>;

class OrgLifecycle implements HintListener {
  readonly #log: Logger;
  readonly #listeners = new Set<LifecycleListener>();
  readonly #byExecution: Index = new Map();
  readonly #byParent: Index = new Map();
  #unlisten: (() => void) | undefined;
  #subscribed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  listen(unlisten: () => void): void {
    this.#unlisten = unlisten;
  }

  join(listener: LifecycleListener, onLast: () => void): LifecycleWatch {
    this.#listeners.add(listener);
    if (this.#subscribed) listener.subscribed();
    const followed = new Set<string>();
    const unfollow = (id: string): void => {
      followed.delete(id);
      remove(this.#byExecution, id, listener);
      remove(this.#byParent, id, listener);
    };
    return {
      follow: (id, children) => {
        followed.add(id);
        add(this.#byExecution, id, listener);
        if (children) add(this.#byParent, id, listener);
      },
      unfollow,
      stop: () => {
        for (const id of [...followed]) unfollow(id);
        if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
        this.#unlisten?.();
        onLast();
      },
    };
  }

  hint(payload: Uint8Array): void {
    let events: LifecycleEvent[];
    try {
      events = LifecycleHint.decode(payload).events;
    } catch (err) {
      this.#log.warn({ err, bytes: payload.byteLength }, "a hint about executions could not be read");
      return;
    }
    for (const event of events) this.#tell(event);
  }

  subscribed(): void {
    this.#subscribed = true;
    for (const listener of [...this.#listeners]) listener.subscribed();
  }

  #tell(event: LifecycleEvent): void {
    const own = this.#byExecution.get(event.workflowExecutionId);
    const parents = this.#byParent.get(event.parentWorkflowExecutionId ?? "");
    if (own === undefined && parents === undefined) return;
    // Listeners begin to follow a child while they hear of it.
    for (const listener of new Set([...(own ?? []), ...(parents ?? [])])) listener.lifecycle(event);
  }
}

function add(index: Index, id: string, listener: LifecycleListener): void {
  const listeners = index.get(id);
  if (listeners === undefined) index.set(id, new Set([listener]));
  else listeners.add(listener);
}

function remove(index: Index, id: string, listener: LifecycleListener): void {
  const listeners = index.get(id);
  if (listeners?.delete(listener) === true && listeners.size === 0) index.delete(id);
}
