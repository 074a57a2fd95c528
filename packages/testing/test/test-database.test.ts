import { Client } from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../src/test-database.js";

test("clones the migrated template, each time anew, and drops the clone in use", async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(first.url).not.toBe(second.url);
  const client = new Client({ connectionString: first.url });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query("select to_regclass('workflow_execution') as name");
  expect(rows).toEqual([{ name: "workflow_execution" }]);
  await first.drop();
  await second.drop();
  await expect(new Client({ connectionString: first.url }).connect()).rejects.toThrow(/does not exist/);
  await client.end().catch(() => undefined);
});
