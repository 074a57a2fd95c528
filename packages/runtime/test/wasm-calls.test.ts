import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("programs/deoptimized-wasm-call.mjs", import.meta.url));
/** What V8 leaves in place of a call that it had put into optimized code, when it takes that code back. */
const INLINED = "JS to Wasm builtin continuation frame";

async function run(...args: string[]): Promise<string> {
  const flags = ["--allow-natives-syntax", "--trace-deopt", "--trace-deopt-verbose"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, ...args], {
    env: { ...process.env, NODE_OPTIONS: "" },
    maxBuffer: 100 * 1024 * 1024,
  });
  return stdout;
}

describe("calls of WebAssembly", () => {
  it("are not part of optimized code where the process asked for that", async () => {
    const output = await run("guarded");
    expect(output).toContain("the result is 8");
    expect(output).not.toContain(INLINED);
  });

  it("are by default, so the test above tells something", async () => {
    const output = await run();
    expect(output).toContain("the result is 8");
    expect(output).toContain(INLINED);
  });
});
