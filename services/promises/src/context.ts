import type { Database } from "@flovyn/db";
import type { ServiceContext } from "@flovyn/runtime";

/** Everything the promises service works with; built once, each field replaceable in tests. */
export interface PromisesContext extends ServiceContext {
  db: Database;
}
