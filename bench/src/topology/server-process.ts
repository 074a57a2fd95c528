import { join } from "node:path";
import { spawnProcess, type TestProcess, waitFor, workspaceRoot } from "@flovyn/testing";
import type { Resources } from "./resources.js";

const startTimeoutMs = 30_000;

export interface ServerProcess {
  name: string;
  /** Command line after `flovyn`. */
  args: string[];
  env?: Record<string, string>;
  /** Base URL of its /ready. */
  url: string;
  cpuProfiles: string | undefined;
}

/** Starts `flovyn` and waits until it is ready. Errors: what it printed last when it ends or does not get ready. */
export async function startServerProcess(resources: Resources, server: ServerProcess): Promise<TestProcess> {
  const { name, url, cpuProfiles } = server;
  const profiling = cpuProfiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${cpuProfiles}`];
  const child = spawnProcess({
    name,
    command: process.execPath,
    args: [...profiling, join(workspaceRoot(), "bin", "flovyn"), ...server.args],
    env: { LOG_LEVEL: "warn", BIND_ADDRESS: "127.0.0.1", ...server.env },
  });
  resources.add(() => child.stop());
  await waitFor(
    `${name} to be ready`,
    async () => {
      if (!child.running) return true;
      const response = await fetch(`${url}/ready`);
      return response.ok;
    },
    { timeoutMs: startTimeoutMs },
  );
  if (!child.running) throw new Error(`${name} ended at its start:\n${child.lines.join("\n")}`);
  return child;
}

/** Rejects when one of them ends. */
export async function failWithFirstEnd(children: readonly TestProcess[]): Promise<never> {
  const ended = await Promise.race(children.map((child) => child.exited.then(() => child)));
  throw new Error(`${ended.name} ended under load:\n${ended.lines.slice(-20).join("\n")}`);
}
