import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@flovyn/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthorize } from "./authorize.js";
import { PolicyWatch } from "./policy-watch.js";

let folder: string;
let lines: string[];
let watch: PolicyWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flovyn-policies-"));
  lines = [];
});

afterEach(async () => {
  await watch.stop();
  rmSync(folder, { recursive: true });
});

const member = { orgId: "acme", principalType: "User", principalId: "alice", role: "MEMBER" } as const;
const forbid = (action: string) => `forbid (principal, action == Flovyn::Action::"${action}", resource);`;
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

function create(mode: "extend" | "replace" = "extend", paths = [folder]): PolicyWatch {
  const log = createLogger({
    ...{ service: "gateway", level: "info" },
    destination: { write: (line: string) => void lines.push(line) },
  });
  watch = new PolicyWatch({ paths, mode, log });
  return watch;
}

const may = (action: "startWorkflow" | "signalWorkflow") => {
  try {
    createAuthorize(watch)(member, action, { orgId: "acme" });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "Forbidden", message: `the key does not allow ${action}` });
    return false;
  }
};

describe("policy files", () => {
  it("are read at the start, those of a folder that end in .cedar", async () => {
    write("a.cedar", forbid("startWorkflow"));
    write("notes.txt", "not a policy");
    await create().start();
    expect([may("startWorkflow"), may("signalWorkflow")]).toEqual([false, true]);
  });

  it.each([
    ["that does not hold", "permit (", /auth\.cedar\.policies: .*a\.cedar:1/],
    ["that is not text", Buffer.from([0xff, 0xfe]), /a\.cedar cannot be read: .*UTF-8/],
  ])("%s stop the start, with file and line", async (_name, text, problem) => {
    writeFileSync(join(folder, "a.cedar"), text);
    await expect(create().start()).rejects.toThrow(problem);
  });

  it("that are missing, and folders without any, stop the start", async () => {
    await expect(create("extend", [join(folder, "none")]).start()).rejects.toThrow(/none cannot be read: ENOENT/);
    await expect(create("replace").start()).rejects.toThrow(/there is no \.cedar file/);
  });

  it("that change take effect without a restart", async () => {
    write("a.cedar", forbid("startWorkflow"));
    await create().start();
    write("a.cedar", forbid("signalWorkflow"));
    await watch.runOnce();
    expect([may("startWorkflow"), may("signalWorkflow"), watch.version]).toEqual([true, false, 2]);
    await watch.runOnce();
    expect(watch.version).toBe(2);
  });

  it("that are mounted and swapped as a whole take effect", async () => {
    for (const [name, action] of [
      ["v1", "startWorkflow"],
      ["v2", "signalWorkflow"],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "a.cedar"), forbid(action));
    }
    const current = join(folder, "current");
    symlinkSync("v1", current);
    await create("extend", [current]).start();
    symlinkSync("v2", join(folder, "next"));
    renameSync(join(folder, "next"), current);
    await watch.runOnce();
    expect([may("startWorkflow"), may("signalWorkflow")]).toEqual([true, false]);
  });

  it.each([
    ["do not hold", () => write("a.cedar", "permit (")],
    ["are gone", () => rmSync(join(folder, "a.cedar"))],
  ])("that %s change nothing, and the log says so once", async (_name, change) => {
    write("a.cedar", forbid("startWorkflow"));
    await create("replace").start();
    change();
    for (let n = 0; n < 3; n++) await watch.runOnce();
    expect([may("startWorkflow"), watch.version]).toEqual([false, 1]);
    expect(lines.filter((line) => line.includes("not valid"))).toHaveLength(1);
    write("a.cedar", `permit (principal, action, resource);`);
    await watch.runOnce();
    expect([may("startWorkflow"), watch.version]).toEqual([true, 2]);
  });
});
