import type { PromiseRef } from "@flovyn/db";
import type { DurablePromise } from "@flovyn/domain";

/** The promises of one name in one workflow, oldest first. */
interface Namesakes {
  readonly ids: string[];
  /** Those before this place are settled: none of them opens again. */
  settled: number;
}

/** What one batch locked, as its decisions so far left it. Many settlements may go to one name, so names keep their place. */
export class LockedPromises {
  readonly #byId: Map<string, DurablePromise>;
  readonly #byName = new Map<string, Namesakes>();

  /** `locked` are the promises, oldest first. */
  constructor(locked: readonly DurablePromise[]) {
    this.#byId = new Map(locked.map((promise) => [promise.id, promise]));
    for (const { id, workflowId, name } of locked) {
      const namesakes = this.#byName.get(`${workflowId}/${name}`);
      if (namesakes === undefined) this.#byName.set(`${workflowId}/${name}`, { ids: [id], settled: 0 });
      else namesakes.ids.push(id);
    }
  }

  /** The promise of the org that is meant: of several with one name the oldest open one; when none is open, the newest. */
  pick({ orgId, ref }: { orgId: string; ref: PromiseRef }): DurablePromise | undefined {
    const promise = "id" in ref ? this.#byId.get(ref.id) : this.#named(`${ref.workflowId}/${ref.name}`);
    return promise?.orgId === orgId ? promise : undefined;
  }

  /** Takes in how a promise was settled. */
  replace(promise: DurablePromise): void {
    this.#byId.set(promise.id, promise);
  }

  #named(name: string): DurablePromise | undefined {
    const namesakes = this.#byName.get(name);
    if (namesakes === undefined) return undefined;
    for (; namesakes.settled < namesakes.ids.length; namesakes.settled++) {
      const promise = this.#byId.get(namesakes.ids[namesakes.settled] as string);
      if (promise?.status === "OPEN") return promise;
    }
    return this.#byId.get(namesakes.ids.at(-1) as string);
  }
}
