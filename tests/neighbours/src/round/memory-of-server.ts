import { setTimeout as pause } from "node:timers/promises";
import { residentBytes } from "../measure/resident-bytes.js";
import type { ServerProcess } from "../topology/topology.js";
import type { Outcome } from "./outcome.js";

/** Within this time the memory of an attack is given back. */
const backMs = 30_000;
/** What a process may have grown by then: garbage that is not collected yet, and caches up to their bounds. */
const growthBytesMax = 200 * 1024 * 1024;
const everyMs = 100;

/**
 * The memory of the processes of a server, compared with what they had at first. The system is asked, so that processes
 * count that answer nothing.
 */
export class MemoryOfServer {
  readonly #processes: readonly { name: string; pid: number; firstBytes: number }[];

  constructor(processes: readonly ServerProcess[]) {
    this.#processes = processes.map(({ name, pid }) => ({ name, pid, firstBytes: residentBytes(pid) ?? 0 }));
  }

  /** Looks from now on, until it is asked whether the memory of an attack that ended at `sinceMs` has come back. */
  watch(): { untilBack(sinceMs: number): Promise<Outcome["memory"]> } {
    const peaks = new Map<number, number>();
    const look = () => {
      for (const { pid } of this.#processes) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, residentBytes(pid) ?? 0));
    };
    const timer = setInterval(look, everyMs);
    look();
    return {
      untilBack: async (sinceMs) => {
        while (!this.#isBack() && Date.now() - sinceMs < backMs) await pause(everyMs);
        clearInterval(timer);
        const backAfterMs = this.#isBack() ? Date.now() - sinceMs : undefined;
        const [most] = this.#processes.toSorted(
          (a, b) => (peaks.get(b.pid) ?? 0) - b.firstBytes - ((peaks.get(a.pid) ?? 0) - a.firstBytes),
        );
        if (most === undefined) throw new Error("the server has no process");
        const { name, pid, firstBytes: beforeBytes } = most;
        return {
          process: name,
          beforeBytes,
          peakBytes: peaks.get(pid) ?? 0,
          afterBytes: residentBytes(pid) ?? 0,
          backAfterMs,
        };
      },
    };
  }

  /** A process that has ended has given back everything; that it ended is seen elsewhere. */
  #isBack(): boolean {
    return this.#processes.every(({ pid, firstBytes }) => (residentBytes(pid) ?? 0) - firstBytes <= growthBytesMax);
  }
}
