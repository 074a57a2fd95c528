import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recordingLog } from "../test/support.js";
import { limitedWarning } from "./log.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"], now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a warning that repeats", () => {
  it("is logged at once, then counted for 5 s, and the next line says how many were left out", () => {
    const log = recordingLog();
    const warn = limitedWarning(log, "broken");
    warn({ n: 1 });
    for (let n = 2; n <= 10; n++) warn({ n });
    vi.advanceTimersByTime(4_999);
    warn({ n: 11 });
    expect(log.lines.map(({ fields }) => fields)).toEqual([{ n: 1 }]);
    vi.advanceTimersByTime(1);
    warn({ n: 12 });
    warn({ n: 13 });
    vi.advanceTimersByTime(5_000);
    warn({ n: 14 });
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { n: 1 },
      { n: 12, suppressed: 10 },
      { n: 14, suppressed: 1 },
    ]);
    expect(log.lines.map(({ message }) => message)).toEqual(["broken", "broken", "broken"]);
  });

  it("may be kept quiet for longer", () => {
    const log = recordingLog();
    const warn = limitedWarning(log, "broken", { quietMs: 60_000 });
    for (let second = 0; second < 120; second++) {
      warn({});
      vi.advanceTimersByTime(1000);
    }
    expect(log.lines.map(({ fields }) => fields)).toEqual([{}, { suppressed: 59 }]);
  });

  it("does not keep another one quiet", () => {
    const log = recordingLog();
    limitedWarning(log, "one")({});
    limitedWarning(log, "another")({});
    expect(log.lines.map(({ message }) => message)).toEqual(["one", "another"]);
  });
});
