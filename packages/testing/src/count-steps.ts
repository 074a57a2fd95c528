import { Session } from "node:inspector/promises";
import { workspaceRoot } from "./workspace-root.js";

/**
 * How much of our own code ran while `work` did: each function and each block counts once for each time it was entered,
 * and each native pass over an array, a map or a set counts its length. Twice the steps is twice the work, whatever else
 * the machine does. What other code of the process did meanwhile counts, too.
 */
export async function countSteps(work: () => Promise<unknown>): Promise<number> {
  profiler ??= startProfiler();
  const { take } = await profiler;
  await take();
  const passes = countPasses();
  try {
    await work();
  } finally {
    passes.stop();
  }
  let steps = passes.elements();
  for (const { url, functions } of await take()) {
    if (!isOurs(url)) continue;
    for (const { ranges } of functions) for (const { count } of ranges) steps += count;
  }
  return steps;
}

/** It runs until the process ends: what was compiled while another one ran is not counted by the next. */
let profiler: ReturnType<typeof startProfiler> | undefined;

async function startProfiler() {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  // Each answer holds what ran since the one before.
  return { take: async () => (await session.post("Profiler.takePreciseCoverage")).result };
}

const root = workspaceRoot();

function isOurs(url: string): boolean {
  const path = url.replace("file://", "");
  return path.startsWith(root) && !path.includes("/node_modules/") && !/\/count-steps\.[jt]s$/.test(path);
}

type AnyFunction = (this: unknown, ...parameters: unknown[]) => unknown;

/** Native methods that go over all of what they are called on without calling code of ours. */
const passesOver: readonly (readonly [object, readonly (string | symbol)[]])[] = [
  [
    Array.prototype,
    ["includes", "indexOf", "lastIndexOf", "concat", "slice", "splice", "shift", "unshift", "join", "reverse"],
  ],
  [Array.prototype, ["values", "entries", "keys", "toReversed", "toSpliced", "with", Symbol.iterator]],
  [Map.prototype, ["values", "entries", "keys", Symbol.iterator]],
  [Set.prototype, ["values", "entries", "keys", Symbol.iterator]],
];

/** Counts the elements of native passes until it is stopped. Spreads go through the iterators. */
function countPasses(): { elements(): number; stop(): void } {
  let elements = 0;
  const undo: (() => void)[] = [];
  for (const [prototype, names] of passesOver) {
    for (const name of names) {
      const found = Object.getOwnPropertyDescriptor(prototype, name);
      if (found === undefined) continue;
      const original = found.value as AnyFunction;
      const counting: AnyFunction = function (...parameters) {
        const { length, size } = this as { length?: number; size?: number };
        elements += length ?? size ?? 0;
        return Reflect.apply(original, this, parameters);
      };
      Object.defineProperty(prototype, name, { ...found, value: counting });
      undo.push(() => Object.defineProperty(prototype, name, found));
    }
  }
  return {
    elements: () => elements,
    stop: () => {
      for (const restore of undo) restore();
    },
  };
}
