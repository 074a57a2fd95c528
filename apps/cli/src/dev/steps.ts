import { print } from "../print.js";

/** Runs one step of a start and prints what it did and how long it took. */
export async function step<T>(name: string, work: () => Promise<T>, describe?: (result: T) => string): Promise<T> {
  const begun = performance.now();
  try {
    const result = await work();
    print(`  ${name.padEnd(22)} ${seconds(begun)}  ${describe?.(result) ?? ""}`.trimEnd());
    return result;
  } catch (error) {
    print(`  ${name.padEnd(22)} ${seconds(begun)}  failed`);
    throw error;
  }
}

function seconds(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(2)} s`;
}
