import { missingOf, newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import { type Executor, isForeignKeyViolation } from "../database.js";
import { statement } from "../statement.js";

const registerMany = statement<never>()(
  "queues.registerMany",
  { params: ["now", "registeredBy"], sets: { used: { id: "uuid", orgId: "uuid", name: "text" } } },
  ({ param, time, rows }) => sql`
    insert into queue (id, org_id, name, registered_at, registered_by)
    select id, "orgId", name, ${time("now")}, ${param("registeredBy")} from ${rows("used")}
    order by "orgId", name
    on conflict (org_id, name) do nothing`,
);

/** Remembers which queues are registered, so that only the first use of a queue in a process asks the database. */
export interface KnownQueues {
  has(orgId: string, name: string): boolean;
  add(orgId: string, name: string): void;
}

const knownQueuesMax = 10_000;

/** A bounded memory; when it is full it starts over, which costs one cheap insert for each queue. */
export function createKnownQueues(): KnownQueues {
  const known = new Set<string>();
  return {
    has: (orgId, name) => known.has(`${orgId}/${name}`),
    add: (orgId, name) => {
      if (known.size >= knownQueuesMax) known.clear();
      known.add(`${orgId}/${name}`);
    },
  };
}

export interface UsedQueue {
  orgId: string;
  queue: string;
}

/**
 * Registers queues at their first use, in the using transaction. Call `remember` after the commit.
 * Errors: NotFound for an org that does not exist.
 */
export async function registerQueues(
  tx: Executor,
  params: { now: number; registeredBy: string; used: readonly UsedQueue[]; known: KnownQueues },
): Promise<{ remember(): void }> {
  const wanted = new Map<string, UsedQueue>();
  for (const used of params.used) {
    if (!params.known.has(used.orgId, used.queue)) wanted.set(`${used.orgId}/${used.queue}`, used);
  }
  if (wanted.size > 0) {
    const used = [...wanted.values()].map(({ orgId, queue }) => ({ id: newId(), orgId, name: queue }));
    try {
      await registerMany.run(tx, { now: params.now, registeredBy: params.registeredBy, used });
    } catch (error) {
      if (isForeignKeyViolation(error)) throw missingOf("org_id", "there is no such organization");
      throw error;
    }
  }
  return {
    remember: () => {
      for (const { orgId, queue } of wanted.values()) params.known.add(orgId, queue);
    },
  };
}
