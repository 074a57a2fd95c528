import type { Database, KnownQueues } from "@flovyn/db";
import type { ServiceContext } from "@flovyn/runtime";

/** Everything the dispatch service works with; built once, each field replaceable in tests. */
export interface DispatchContext extends ServiceContext {
  db: Database;
  knownQueues: KnownQueues;
}
