import type { Latency } from "../measure/percentiles.js";

/** The figures of a run. */
export interface Report {
  title: string;
  /** For a person to read: what it is, and how much. */
  rows: readonly (readonly [name: string, text: string])[];
  /** The same for programs. */
  figures: readonly object[];
}

/** Four significant digits: more would be noise. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** `{ a: 1, b: 2 }` as `a 1, b 2`. */
export function pairs(record: object): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** Values of the repeats behind a median; nothing when there is only one. */
export function repeatsText(values: readonly number[]): string {
  return values.length > 1 ? `   (${values.join(", ")})` : "";
}

export function latencyText({ p50, p95, p99 }: Latency): string {
  return `${p50} / ${p95} / ${p99} ms`;
}
