import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, loopback } from "@flovyn/runtime";
import { afterAll, expect, it } from "vitest";
import { devConfig, devCredentials } from "./credentials.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-auth-"));
afterAll(() => rmSync(folder, { recursive: true }));
const overrides = devConfig(devCredentials(folder));
const load = (env: Record<string, string>, bindAddress: string) =>
  loadConfig({ env, overrides: { ...overrides, bind_address: bindAddress } }).auth.enabled;

it("a development server needs a key, unless the environment says that it does not", () => {
  expect(load({}, loopback)).toBe(true);
  expect(load({ AUTH__ENABLED: "false" }, loopback)).toBe(false);
  expect(load({ FLOVYN_SECURITY_ENABLED: "0" }, loopback)).toBe(false);
});

it("a development server without keys is refused where other machines reach it", () => {
  expect(() => load({ AUTH__ENABLED: "false" }, "0.0.0.0")).toThrow(/bind_address: must be a loopback address/);
});
