import type { Writable } from "node:stream";
import type { AttackCall, Ending } from "../attack-call.js";

const betweenBytesMs = 500;

/** Writes the bytes of a call, then does as its ending says. Returns what stops it. */
export function trickle(call: { ending: Ending } & ({ body?: Buffer } | { bytes: Buffer }), to: Writable): () => void {
  const bytes = "bytes" in call ? call.bytes : (call as { body?: Buffer }).body;
  if (call.ending === "ends") {
    to.end(bytes);
    return () => {};
  }
  if (bytes !== undefined && bytes.byteLength > 0) to.write(bytes);
  if (call.ending === "stays") return () => {};
  const timer = setInterval(() => {
    if (to.writable && !to.writableNeedDrain) to.write(Buffer.from(" "));
  }, betweenBytesMs);
  return () => clearInterval(timer);
}

/** Whether a call is one that HTTP clients make: it ends, and its answer is read. */
export function isOrdinary({ ending, reading }: Pick<AttackCall, "ending" | "reading">): boolean {
  return ending === "ends" && reading === "all";
}
