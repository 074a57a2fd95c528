import { findTaskWorkflow } from "@flovyn/db";
import type { TasksContext } from "../context.js";

/** Tasks that are remembered: some 300 bytes each. Those that were asked for longest ago make room. */
const knownTasksMax = 20_000;

/** What never changes of a task. */
export interface KnownTask {
  id: string;
  orgId: string;
  /** Null for a standalone task. */
  workflowId: string | null;
}

/** Tells which tasks exist, so that a stream of tokens costs one read and not one for each token. */
export interface KnownTasks {
  /** Undefined when the task is missing or of another org. Errors: Unavailable. */
  find(orgId: string, id: string): Promise<KnownTask | undefined>;
}

export function createKnownTasks({ db }: Pick<TasksContext, "db">): KnownTasks {
  /** Holds reads that run, too: the first tokens of a task come together and share one. */
  const known = new Map<string, Promise<KnownTask | undefined>>();

  const read = async (key: string, orgId: string, id: string): Promise<KnownTask | undefined> => {
    let task: KnownTask | undefined;
    try {
      const found = await findTaskWorkflow(db, { orgId, id });
      task = found && { id, orgId, ...found };
      return task;
    } finally {
      // What failed is read again, and a task that is missing now may be created later.
      if (task === undefined) known.delete(key);
    }
  };

  return {
    find(orgId, id) {
      const key = `${orgId}/${id}`;
      const found = known.get(key) ?? read(key, orgId, id);
      known.delete(key);
      known.set(key, found);
      if (known.size > knownTasksMax) known.delete(known.keys().next().value as string);
      return found;
    },
  };
}
