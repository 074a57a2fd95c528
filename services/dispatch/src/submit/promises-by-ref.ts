import type { DurablePromise } from "@flovyn/domain";

const none: readonly DurablePromise[] = [];

/** Promises of several workflows by what commands may call them: their id, or the name that several of them may share. */
export class PromisesByRef {
  readonly #ids = new Set<string>();
  readonly #byRef = new Map<string, DurablePromise[]>();

  /** Takes promises in, oldest first; each may come once. */
  add(promises: readonly DurablePromise[]): void {
    for (const promise of promises) {
      const { id, workflowId, name } = promise;
      this.#ids.add(id);
      this.#put(`${workflowId}/${id}`, promise);
      if (name !== id) this.#put(`${workflowId}/${name}`, promise);
    }
  }

  /** Whether the promise with this id came. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The promises of the workflow with that id or name, in the order in which they came. */
  of(workflowId: string, idOrName: string): readonly DurablePromise[] {
    return this.#byRef.get(`${workflowId}/${idOrName}`) ?? none;
  }

  #put(ref: string, promise: DurablePromise): void {
    const known = this.#byRef.get(ref);
    if (known === undefined) this.#byRef.set(ref, [promise]);
    else known.push(promise);
  }
}
