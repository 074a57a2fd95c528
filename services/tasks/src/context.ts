import type { Database, KnownQueues } from "@flovyn/db";
import type { ServiceContext } from "@flovyn/runtime";

/** Everything the tasks service works with; built once, each field replaceable in tests. */
export interface TasksContext extends ServiceContext {
  db: Database;
  knownQueues: KnownQueues;
  /** In [0, 1): spreads retry delays. */
  random: () => number;
}
