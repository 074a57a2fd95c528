import type { Database } from "@flovyn/db";
import type { ServiceContext } from "@flovyn/runtime";

/** Everything the timers service works with; built once, each field replaceable in tests. */
export interface TimersContext extends ServiceContext {
  db: Database;
}
