/** Goal: no key of a configuration is ignored. Approach: the shape itself is walked, so that a table that is added is covered. */
import { nearestWord } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { unwrapped } from "../check-shape.js";
import { configShape } from "./config.js";
import { ConfigError, loadConfig } from "./load-config.js";

interface Table {
  /** Keys and places in lists that lead to it. */
  path: readonly (string | number)[];
  keys: readonly string[];
}

function tables(schema: z.core.$ZodType, path: Table["path"] = []): Table[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray) return tables(inner.element, [...path, 0]);
  if (inner instanceof z.ZodRecord) return tables(inner.valueType as z.core.$ZodType, [...path, "some"]);
  if (!(inner instanceof z.ZodObject)) return [];
  const below = Object.entries(inner.shape).flatMap(([key, member]) =>
    tables(member as z.core.$ZodType, [...path, key]),
  );
  return [{ path, keys: Object.keys(inner.shape) }, ...below];
}

const found = tables(configShape);

function problemsWith({ path }: Table, key: string): readonly string[] {
  const tree = path.reduceRight<unknown>((inner, level) => (typeof level === "number" ? [inner] : { [level]: inner }), {
    [key]: "hunter2",
  });
  try {
    loadConfig({ env: {}, overrides: tree as Record<string, unknown> });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const nameOf = ({ path }: Table, key: string) =>
  [...path, key]
    .reduce<string>((name, level) => name + (typeof level === "number" ? `[${level}]` : `.${level}`), "")
    .slice(1);

describe("a key that no table has", () => {
  it("is looked for in every table", () => {
    expect(found.length).toBeGreaterThan(30);
  });

  it("is refused in each of them, by its full name and without its value", () => {
    for (const table of found) {
      const problems = problemsWith(table, "zzzzzz");
      expect(problems).toContainEqual(expect.stringMatching(`^${escaped(nameOf(table, "zzzzzz"))}: is unknown`));
      expect(problems.join()).not.toContain("hunter2");
    }
  });

  it("is refused with the key that was meant where it is a misspelt one", () => {
    for (const table of found) {
      for (const key of table.keys.filter(({ length }) => length >= 3)) {
        for (const misspelt of [key.slice(0, 1) + key.slice(2), `${key}${key.at(-1)}`, key.toUpperCase()]) {
          if (table.keys.includes(misspelt)) continue;
          // `secrett` is as near to `secrets` as to `secret`.
          const nearest = nearestWord(misspelt, table.keys);
          expect(nearest?.startsWith(key.slice(0, 1))).toBe(true);
          const problem = `${nameOf(table, misspelt)}: is unknown; did you mean ${nearest}?`;
          expect(problemsWith(table, misspelt)).toContain(problem);
        }
      }
    }
  });

  it("is refused in the environment, too", () => {
    const load = () => loadConfig({ env: { LIMITS__SHARE_PERCNT: "10" } });
    expect(load).toThrow("limits.share_percnt: is unknown; did you mean share_percent?");
  });

  it("is let through where development configurations of existing clients have it", () => {
    const overrides = {
      metrics: { port: 9093 },
      auth: { better_auth: { validation_url: "http://x", timeout_secs: 5, jwt: {} }, attr_resolver: {} },
    };
    expect(loadConfig({ env: {}, overrides })).toEqual(loadConfig({ env: {} }));
  });
});

const escaped = (text: string) => text.replaceAll(/[.[\]]/g, "\\$&");
