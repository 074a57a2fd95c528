import { substituteId } from "@flovyn/domain";

/** Who asks: ids are taken or free for an org, and a substitute belongs to one workflow. */
interface Asking {
  id: string;
  orgId: string;
}

/** Ids that are in use, of any org: those that commands chose, and the substitutes of those that other orgs use. */
export class HeldIds<Held extends { orgId: string }> {
  readonly #held: Map<string, Held>;

  constructor(held: Map<string, Held>) {
    this.#held = held;
  }

  get(id: string): Held | undefined {
    return this.#held.get(id);
  }

  add(id: string, held: Held): void {
    this.#held.set(id, held);
  }

  /** The id that something of this workflow has, or gets, for which its worker chose this one. */
  idFor({ id: workflowId, orgId }: Asking, chosen: string): string {
    const holder = this.#held.get(chosen);
    return holder === undefined || holder.orgId === orgId ? chosen : substituteId({ orgId, workflowId }, chosen);
  }
}
