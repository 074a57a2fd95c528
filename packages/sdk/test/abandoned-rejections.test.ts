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
    const { failed, stdout } = await run();
    expect({ failed, stdout }).toEqual({ failed: false, stdout: "COMPLETED\n" });
  });

  test("is warned of once, however often replay repeats it", async () => {
    const { stderr } = await run("twice");
    const warnings = stderr.split("\n").filter((line) => line.includes('"warn"'));
    expect(warnings).toHaveLength(2);
    for (const reason of ["a loser", "another loser"]) {
      const line = warnings.find((one) => one.includes(`Error: ${reason}`)) ?? "no such warning";
      expect(JSON.parse(line)).toMatchObject({
        message: "a promise of the workflow was rejected, and the code neither awaits nor catches it",
        workflowId: "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e",
      });
    }
  });

  test("ends the process anywhere else, as ever", async () => {
    const { failed, stderr } = await run("outside");
    expect(failed).toBe(true);
    expect(stderr).toContain("nobody expected this");
  });
});
