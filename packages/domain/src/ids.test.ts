import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { createIdGenerator, isUuid, newId, parseUuid } from "./ids.js";

function timestampOf(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

describe("identifiers", () => {
  it("SP-03 ids of several threads are unique, ascend in each thread and carry the clock", async () => {
    const perThread = 12_500;
    const script = `
      const { parentPort } = require("node:worker_threads");
      import(${JSON.stringify(new URL("../dist/ids.js", import.meta.url).href)}).then(({ newId }) => {
        const ids = [];
        for (let i = 0; i < ${perThread}; i++) ids.push(newId());
        parentPort.postMessage(ids);
      });`;
    const started = Date.now();
    const threads = await Promise.all(
      [1, 2, 3, 4].map(
        () =>
          new Promise<string[]>((resolve, reject) => {
            const worker = new Worker(script, { eval: true });
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
    const ended = Date.now();
    expect(new Set(threads.flat()).size).toBe(4 * perThread);
    for (const ids of threads) {
      expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] as string))).toBe(true);
      for (const id of [ids[0] as string, ids.at(-1) as string]) {
        expect(id[14]).toBe("7");
        expect("89ab").toContain(id[19]);
        expect(timestampOf(id)).toBeGreaterThanOrEqual(started - 1000);
        expect(timestampOf(id)).toBeLessThanOrEqual(ended + 1000);
      }
    }
  });

  it("SP-03 keeps ascending while the clock steps back 5 s", () => {
    let now = 1_800_000_000_000;
    const next = createIdGenerator(() => now);
    const ids = Array.from({ length: 1000 }, (_, index) => {
      if (index === 500) now -= 5000;
      return next();
    });
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("SP-03 keeps ascending when 10,000 ids fall into one millisecond", () => {
    const next = createIdGenerator(() => 1_800_000_000_000);
    const ids = Array.from({ length: 10_000 }, next);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => isUuid(id) && id[14] === "7")).toBe(true);
  });

  it("reads the hyphenated form in any case and refuses the other forms", () => {
    const id = newId();
    expect(parseUuid(id.toUpperCase(), "id")).toBe(id);
    for (const text of [`{${id}}`, `urn:uuid:${id}`, id.replaceAll("-", ""), `${id} `, "not-a-uuid", ""]) {
      expect(() => parseUuid(text, "task_execution_id")).toThrow(/^task_execution_id: /);
    }
  });
});
