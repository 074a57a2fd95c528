import { afterEach, expect, test } from "vitest";
import { spawnProcess, type TestProcess } from "../src/test-process.js";
import { waitFor } from "../src/wait-for.js";

const started: TestProcess[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill();
});

function runNode(script: string, env: Record<string, string | undefined> = {}): TestProcess {
  const one = spawnProcess({ name: "the script", command: process.execPath, args: ["-e", script], env });
  started.push(one);
  return one;
}

test("finds a line that was printed before, and one that comes later", async () => {
  const script = runNode(
    "process.on('SIGTERM', () => { console.error('bye'); process.exit(3) }); setInterval(() => {}, 1000); console.log('port 4711')",
  );
  expect((await script.waitForLine(/port (\d+)/))[1]).toBe("4711");
  expect((await script.waitForLine(/port (\d+)/))[1]).toBe("4711");
  const [bye, exit] = await Promise.all([script.waitForLine(/bye/), script.stop()]);
  expect(bye[0]).toBe("bye");
  expect(exit).toEqual({ code: 3, signal: null });
  expect(script.running).toBe(false);
});

test("fails with the output when the process ends without the line", async () => {
  const script = runNode("console.error('broken: ' + process.env.WHY)", { WHY: "no reason" });
  await expect(script.waitForLine(/ready/)).rejects.toThrow(
    /the script ended before printing a line like \/ready\/ \(code 0.*broken: no reason/s,
  );
  await expect(script.waitForLine(/ready/)).rejects.toThrow(/ended before/);
});

test("fails with the output when the line does not come in time", async () => {
  const script = runNode("console.log('busy'); setInterval(() => {}, 1000)");
  await script.waitForLine(/busy/);
  await expect(script.waitForLine(/ready/, { timeoutMs: 1 })).rejects.toThrow(
    /printed no line like .* within 1 ms.*busy/s,
  );
});

test("reports a program that does not exist", async () => {
  const missing = spawnProcess({ name: "nothing", command: "/does/not/exist" });
  await expect(missing.waitForLine(/ready/)).rejects.toThrow(/nothing ended before .*ENOENT/s);
  expect(await missing.exited).toEqual({ code: null, signal: null });
});

test("kill waits for the end", async () => {
  const script = runNode("console.log('up'); setInterval(() => {}, 1000)");
  await script.waitForLine(/up/);
  expect(await script.kill()).toEqual({ code: null, signal: "SIGKILL" });
});

/** A test run that is killed must not leave its processes behind: they would hold ports and eat the machine. */
test("a process ends when the one that started it is killed", async () => {
  const module = new URL("../dist/index.js", import.meta.url).href;
  const parent = runNode(
    `import(${JSON.stringify(module)}).then(({ spawnProcess }) => {
       const child = spawnProcess({ name: "child", command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] });
       console.log("child " + child.pid);
     })`,
  );
  const pid = Number((await parent.waitForLine(/child (\d+)/))[1]);
  await parent.kill();
  await waitFor("the end of the child", () => !exists(pid));
});

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
