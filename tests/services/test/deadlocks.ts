import { waitFor } from "@flovyn/testing";
import { expect } from "vitest";
import type { Cluster } from "./cluster.js";

/** Stops the services and asks Postgres: a connection reports its deadlocks when it ends at the latest. */
export async function expectNoDeadlocks(cluster: Cluster): Promise<void> {
  await cluster.stopServices();
  const connections = `select 1 from pg_stat_activity where backend_type = 'client backend'
    and application_name <> 'observer' and datname = current_database()`;
  await waitFor("the connections of the services to end", async () => (await cluster.rows(connections)).length === 0);
  const [counted] = await cluster.rows<{ deadlocks: number }>(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  expect(counted).toEqual({ deadlocks: 0 });
}
