/** Goal: a promise that workflow code gave up cannot end the worker's process, and nothing else changes for the process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const program = fileURLToPath(new URL("programs/abandoned-rejection.ts", import.meta.url));

function run(...args: string[]): Promise<{ failed: boolean; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", program, ...args], (error, stdout, stderr) => {
      resolve({ failed: error !== null, stdout, stderr });
    });
  });
}

describe("an abandoned promise that rejects", () => {
  test("does no harm inside a workflow", async () => {
    expect(await run()).toEqual({ failed: false, stdout: "COMPLETED\n", stderr: "" });
  });

  test("ends the process anywhere else, as ever", async () => {
    const { failed, stderr } = await run("outside");
    expect(failed).toBe(true);
    expect(stderr).toContain("nobody expected this");
  });
});
