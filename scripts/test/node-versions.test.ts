/** Goal: what package.json, .nvmrc and README say of Node is what the table of versions says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isSupported } from "../bootstrap/node-version.mjs";
import { engines, pinnedNodes, recommendedNode, supportedNodes } from "../bootstrap/node-versions.mjs";
import { root } from "../bootstrap/root.mjs";

const read = (file: string) => readFileSync(join(root, file), "utf8");

it("package.json and .nvmrc name the versions of the table", () => {
  expect(JSON.parse(read("package.json")).engines.node).toBe(engines);
  expect(read(".nvmrc").trim()).toBe(String(recommendedNode));
  for (const { major } of supportedNodes) expect(read("README.md")).toContain(String(major));
});

it("CI runs every supported major but the lowest, which runs CI, on each platform of the table", () => {
  for (const pins of Object.values(pinnedNodes)) {
    const majors = pins.map((pin) => Number(/@(\d+)\./.exec(pin)?.[1]));
    expect(majors).toEqual(supportedNodes.slice(1).map(({ major }) => major));
    for (const pin of pins) expect(isSupported(/@([\d.]+)/.exec(pin)?.[1] ?? "")).toBe(true);
  }
});

it.each([
  ["20.19.9", false],
  ["20.20.0", true],
  ["21.7.0", false],
  ["22.11.0", false],
  ["22.12.0", true],
  ["24.0.0", true],
  ["25.1.0", false],
  ["26.3.0", true],
  ["18.20.0", false],
])("Node %s is supported: %s", (version, expected) => {
  expect(isSupported(version)).toBe(expected);
});
