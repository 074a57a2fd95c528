/** Goal: what a person asks about a development server that runs is answered about that one, by its data directory. */
import { join } from "node:path";
import { spawnProcess, workspaceRoot } from "@flovyn/testing";
import { expect, it } from "vitest";
import { useDevServer } from "./use-dev-server.js";

const server = useDevServer();

const flovyn = (...args: string[]) =>
  spawnProcess({
    name: `flovyn ${args.join(" ")}`,
    command: process.execPath,
    args: [join(workspaceRoot(), "bin/flovyn"), ...args],
    env: { CONFIG_FILE: undefined, DATABASE_URL: undefined, NODE_OPTIONS: undefined },
  });

it("doctor finds a healthy development server healthy", async () => {
  const doctor = flovyn("doctor", "--data", join(server.directory, "data"));
  expect((await doctor.exited).code, doctor.lines.join("\n")).toBe(0);
  expect(doctor.lines.at(-1)).toBe("everything is in order");
  expect(doctor.lines.filter((line) => line.startsWith("ok"))).toHaveLength(doctor.lines.length - 1);
});

it("doctor says of a directory without a server that none runs there", async () => {
  const doctor = flovyn("doctor", "--data", server.directory);
  expect((await doctor.exited).code).toBe(1);
  expect(doctor.lines[0]).toContain("problem  server: none runs");
});

it("migrate knows the database of a development server", async () => {
  for (const check of [["--check"], []]) {
    const migrate = flovyn("migrate", ...check, "--data", join(server.directory, "data"));
    expect((await migrate.exited).code).toBe(0);
    expect(migrate.lines.at(-1)).toMatch(/^schema: /);
  }
});

it("a demo finds the server by its data directory alone", async () => {
  const demo = flovyn("demo", "orders", "--data", join(server.directory, "data"));
  expect((await demo.exited).code, demo.lines.join("\n")).toBe(0);
  expect(demo.lines.join("\n")).toContain("charge-customer (attempt 1)");
});
