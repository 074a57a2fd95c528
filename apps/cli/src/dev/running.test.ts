import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { findRunning, noteRunning } from "./running.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-running-"));
afterAll(() => rmSync(folder, { recursive: true }));
const addresses = { httpUrl: "http://a", serverUrl: "http://b", opsUrl: "http://c", databaseUrl: "postgres://d" };

it("a server is found by a data directory that it made, until it stops, and by its owner alone", () => {
  const dataDir = join(folder, "not", "there", "yet");
  expect(findRunning(dataDir)).toBeUndefined();
  const forget = noteRunning(dataDir, { pid: process.pid, ...addresses });
  expect(findRunning(dataDir)).toEqual({ pid: process.pid, ...addresses });
  expect(statSync(join(dataDir, "running.json")).mode & 0o777).toBe(0o600);
  forget();
  expect(findRunning(dataDir)).toBeUndefined();
});

it("a server that was killed is not found", () => {
  // Above the highest process id of any system.
  noteRunning(folder, { pid: 2 ** 30, ...addresses });
  expect(findRunning(folder)).toBeUndefined();
});
