import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, freePort, spawnProcess, type TestProcess, workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll } from "vitest";

export interface HistoryItem {
  sequence: number;
  eventType: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read any member of any event
  data: any;
}

export interface DevServer {
  /** A folder for the tests of the file; the server's data are in `data` below it. */
  readonly directory: string;
  /** `flovyn` with these arguments and the addresses of the server. */
  flovyn(...args: string[]): TestProcess;
  /** Program and arguments of `flovyn` itself, and the options that lead to the server. */
  command(): string[];
  /** A text in which the server has its usual ports, with those it has here. */
  atItsPorts(text: string): string;
  /** The history of an execution, over REST. */
  history(id: string): Promise<HistoryItem[]>;
}

/** Runs `flovyn dev` on a database of its own for the tests of a file. */
export function useDevServer(): DevServer {
  const undo: (() => unknown)[] = [];
  let directory = "";
  let [http, grpc] = [0, 0];
  const ports = () => ["--data", join(directory, "data"), "--http-port", String(http), "--grpc-port", String(grpc)];
  const program = join(workspaceRoot(), "bin/flovyn");
  const flovyn = (...args: string[]): TestProcess => {
    return spawnProcess({
      name: `flovyn ${args.join(" ")}`,
      command: process.execPath,
      args: [program, ...args, ...ports()],
      env: { CONFIG_FILE: undefined, NODE_OPTIONS: undefined },
    });
  };
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "flovyn-dev-"));
    undo.push(() => rmSync(directory, { recursive: true, force: true }));
    const database = await createTestDatabase();
    undo.push(() => database.drop());
    [http, grpc] = [await freePort(), await freePort()];
    const server = flovyn("dev", "--no-demo", "--database-url", database.url);
    undo.push(() => server.stop());
    await server.waitForLine(/Ctrl-C stops/);
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });
  return {
    get directory() {
      return directory;
    },
    flovyn,
    command: () => [process.execPath, program, ...ports()],
    atItsPorts: (text) =>
      text.replaceAll("localhost:8000", `localhost:${http}`).replaceAll("localhost:9090", `localhost:${grpc}`),
    async history(id) {
      const { apiKey, orgSlug } = JSON.parse(readFileSync(join(directory, "data", "credentials.json"), "utf8"));
      const url = `http://localhost:${http}/api/orgs/${orgSlug}/workflow-executions/${id}/events`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
      return ((await answer.json()) as { events: HistoryItem[] }).events;
    },
  };
}

/** The JSON document that a process printed at its end, over one line or several. */
export function printedJson<Value>(lines: readonly string[]): Value {
  const from = lines.findIndex((line) => /^[{[]/.test(line));
  return JSON.parse(lines.slice(from).join("\n")) as Value;
}

/**
 * Runs a demo as far as a line that it prints and kills it there. On a busy machine it may have ended by then, before it
 * could be killed; then another one is run.
 */
export async function killedAtLine(server: DevServer, line: RegExp, ...args: string[]): Promise<{ id: string }> {
  for (;;) {
    const demo = server.flovyn(...args);
    const [, id] = (await demo.waitForLine(/^workflow (\S+)$/)) as unknown as [string, string];
    await demo.waitForLine(line);
    const { code, signal } = await demo.kill("SIGKILL");
    if (signal === "SIGKILL") return { id };
    if (code !== 0) throw new Error(`the demo failed:\n${demo.lines.join("\n")}`);
  }
}
