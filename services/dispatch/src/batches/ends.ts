import type { Workflow } from "@flovyn/domain";
import type { Batcher } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { createMemberBatcher } from "./cancel-members.js";
import { createParentBatcher, type EndedChild } from "./tell-parents.js";

/** What the end of a workflow means for others: its parent is told, and a cancelled one takes its children along. */
export interface Ends {
  /** Sees to it in the background. What fails is repeated by the sweep: the rows remember what they owe. */
  follow(ended: readonly Workflow[]): void;
  /** Tells parents and cancels members, at every depth; how many children were cancelled. Errors: those of a batch. */
  settle(ended: readonly Workflow[]): Promise<number>;
  /** What one workflow owes, for the sweep. */
  pay(owing: { id: string; bytes: number; owesParent: boolean; owesMembers: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export function createEnds(context: DispatchContext): Ends {
  const parents: Batcher<EndedChild, void> = createParentBatcher(context);
  const members = createMemberBatcher(context);

  const cancelMembers = async (id: string): Promise<number> => {
    let count = 0;
    for (let more = true; more; ) {
      const cancelled = await members.submit(id);
      count += cancelled.children.length + (await settle(cancelled.children));
      more = cancelled.more;
    }
    return count;
  };
  const settle = async (ended: readonly Workflow[]): Promise<number> => {
    const [counts] = await Promise.all([
      Promise.all(ended.filter((one) => one.owesMembers).map((one) => cancelMembers(one.id))),
      Promise.all(
        ended
          .filter((one) => one.owesParent)
          .map(({ id, output }) => parents.submit({ id, bytes: output?.byteLength ?? 0 })),
      ),
    ]);
    return counts.reduce((sum, count) => sum + count, 0);
  };

  return {
    settle,
    follow: (ended) => {
      if (!ended.some((one) => one.owesMembers || one.owesParent)) return;
      settle(ended).catch((err: unknown) => context.log.warn({ err }, "following an end failed, the sweep repeats it"));
    },
    pay: async ({ id, bytes, owesParent, owesMembers }) => {
      await Promise.all([owesParent ? parents.submit({ id, bytes }) : 0, owesMembers ? cancelMembers(id) : 0]);
    },
    stop: async () => {
      await Promise.all([parents.stop(), members.stop()]);
    },
  };
}
