import { describe, expect, it } from "vitest";
import { recordingLog } from "../test/support.js";
import { createHintQueue } from "./hint-queue.js";
import { createBusStats } from "./stats.js";
import { endedSubject } from "./subjects.js";

describe("the hints of one process", () => {
  it("are bounded: what one turn gives beyond the bound is dropped, counted, and logged once", async () => {
    const stats = createBusStats();
    const log = recordingLog();
    const hints = createHintQueue(log, stats);
    let delivered = 0;
    hints.subscribe(endedSubject("org-1"), () => {
      delivered += 1;
    });
    for (let given = 0; given < 70_000; given += 1) hints.push(endedSubject("org-1"), new Uint8Array(0));
    await hints.flush();
    expect(delivered).toBe(65_536);
    expect(stats.hintsFailed).toBe(70_000 - 65_536);
    expect(log.lines.map((line) => line.message)).toEqual(["hint dropped"]);
  });
});
