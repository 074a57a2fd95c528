import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { administer } from "../src/test-database.js";
import { startTestPostgres } from "../src/test-postgres.js";
import { spawnProcess } from "../src/test-process.js";

test("serves, cleans up after a run that was killed, and leaves nothing", async () => {
  const gone = spawnProcess({ name: "a process that ends", command: "true" });
  await gone.exited;
  const leftover = join(tmpdir(), `flovyn-test-${gone.pid}-x`);
  const inUse = join(tmpdir(), `flovyn-test-${process.pid}-x`);
  for (const directory of [leftover, inUse]) mkdirSync(directory);
  try {
    const postgres = await startTestPostgres();
    await administer(postgres.url, "select 1");
    expect(existsSync(leftover)).toBe(false);
    expect(existsSync(inUse)).toBe(true);
    await postgres.stop();
    await expect(administer(postgres.url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
  } finally {
    rmSync(inUse, { recursive: true });
  }
});
