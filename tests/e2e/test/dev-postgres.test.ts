/** Goal: a development server whose own Postgres ends says so and ends too, and the next start continues. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, spawnProcess, type TestProcess, workspaceRoot } from "@flovyn/testing";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "flovyn-dev-"));
const running: TestProcess[] = [];

afterAll(async () => {
  for (const process of running) await process.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<{ server: TestProcess; postgresData: string }> {
  const ports = ["--http-port", String(await freePort()), "--grpc-port", String(await freePort())];
  const server = spawnProcess({
    name: "flovyn dev",
    command: process.execPath,
    args: [join(workspaceRoot(), "bin/flovyn"), "dev", "--no-demo", "--data", join(folder, "data"), ...ports],
    env: { CONFIG_FILE: undefined, NODE_OPTIONS: undefined },
  });
  running.push(server);
  const [, postgresData] = (await server.waitForLine(/data in (\S+)/)) as unknown as [string, string];
  await server.waitForLine(/Ctrl-C stops/);
  return { server, postgresData };
}

it("ends with its Postgres, and starts again on the same data", { timeout: 300_000 }, async () => {
  const { server, postgresData } = await start();
  const pidFile = readdirSync(postgresData, { recursive: true }).find((path) =>
    String(path).endsWith("postmaster.pid"),
  );
  const pid = Number(readFileSync(join(postgresData, String(pidFile)), "utf8").split("\n")[0]);
  process.kill(pid, "SIGKILL");
  expect((await server.exited).code).toBe(1);
  expect(server.lines.join("\n")).toContain(
    "flovyn: Postgres was ended by SIGKILL. The data stays: start again to go on.",
  );
  const again = await start();
  await again.server.stop();
});
