import { endedSubject } from "@flovyn/bus";
import { EndedHint } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import type { HintChannels, HintListener } from "../hints/hint-channels.js";
import { endedIdleMs } from "../limits.js";
import type { DeadlineWheel, Timed } from "../work/deadline-wheel.js";

/** Wants to know that one workflow execution may have ended. */
export interface EndedListener {
  ended(): void;
}

export interface EndedHintsContext {
  hints: HintChannels;
  wheel: DeadlineWheel;
  log: Logger;
  now: () => number;
}

/** Passes hints about ended workflows on to those who wait for them. One subscription for each org with waiters. */
export class EndedHints {
  readonly #context: EndedHintsContext;
  readonly #orgs = new Map<string, OrgEnded>();

  constructor(context: EndedHintsContext) {
    this.#context = context;
  }

  /** Orgs that are subscribed to. */
  get orgs(): number {
    return this.#orgs.size;
  }

  /** Listens until the returned function is called. `ended` is also called when hints may have been missed. */
  listen(orgId: string, workflowId: string, listener: EndedListener): () => void {
    let org = this.#orgs.get(orgId);
    if (org === undefined) {
      org = new OrgEnded(orgId, this.#context, () => this.#orgs.delete(orgId));
      this.#orgs.set(orgId, org);
    }
    const joined = org;
    joined.add(workflowId, listener);
    return () => joined.remove(workflowId, listener);
  }
}

class OrgEnded implements HintListener, Timed {
  dueAtMs = 0;
  slot = -1;
  readonly #context: EndedHintsContext;
  readonly #listeners = new Map<string, Set<EndedListener>>();
  readonly #unlisten: () => void;
  readonly #onEnd: () => void;

  constructor(orgId: string, context: EndedHintsContext, onEnd: () => void) {
    this.#context = context;
    this.#onEnd = onEnd;
    this.#unlisten = context.hints.listen(endedSubject(orgId), this);
  }

  add(workflowId: string, listener: EndedListener): void {
    this.#context.wheel.remove(this);
    const listeners = this.#listeners.get(workflowId);
    if (listeners === undefined) this.#listeners.set(workflowId, new Set([listener]));
    else listeners.add(listener);
  }

  remove(workflowId: string, listener: EndedListener): void {
    const listeners = this.#listeners.get(workflowId);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return;
    this.#listeners.delete(workflowId);
    if (this.#listeners.size === 0) this.#context.wheel.add(this, this.#context.now() + endedIdleMs);
  }

  hint(payload: Uint8Array): void {
    let ids: string[];
    try {
      ids = EndedHint.decode(payload).workflowExecutionIds;
    } catch (err) {
      this.#context.log.warn({ err, bytes: payload.byteLength }, "a hint about ended workflows could not be read");
      return;
    }
    for (const id of ids) this.#tell(this.#listeners.get(id));
  }

  subscribed(): void {
    for (const listeners of [...this.#listeners.values()]) this.#tell(listeners);
  }

  /** Nobody has listened for a while. */
  due(): void {
    if (this.#listeners.size > 0) return;
    this.#unlisten();
    this.#onEnd();
  }

  #tell(listeners: Set<EndedListener> | undefined): void {
    if (listeners === undefined) return;
    for (const listener of [...listeners]) listener.ended();
  }
}
