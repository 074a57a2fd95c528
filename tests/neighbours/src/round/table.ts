import { latencyOf, type Outcome, ratioOf } from "./outcome.js";

const mebibyte = 1024 * 1024;
const heads = [
  "attack",
  "calls",
  "p50 idle",
  "p99",
  "p50 attacked",
  "p99",
  "max",
  "ratio",
  "process",
  "MiB before",
  "peak",
  "after",
];

/** The outcomes as lines of text: times in ms, memory of the largest process in MiB, and below how the calls ended. */
export function outcomeTable(outcomes: readonly Outcome[]): string {
  const rows = [heads, ...outcomes.map(rowOf)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  return [...lines, "", ...outcomes.map(endsOf)].join("\n");
}

function rowOf(outcome: Outcome): string[] {
  const [idle, attacked] = [latencyOf(outcome.idle), latencyOf([outcome.attacked])];
  const { beforeBytes, peakBytes, afterBytes, backAfterMs } = outcome.memory;
  const after = `${mib(afterBytes)}${backAfterMs === undefined ? " (stays)" : ` (${(backAfterMs / 1000).toFixed(1)} s)`}`;
  return [
    outcome.attack,
    String(outcome.result.calls),
    ...[idle.p50, idle.p99, attacked.p50, attacked.p99, attacked.max].map((ms) => ms.toFixed(0)),
    ratioOf(outcome).toFixed(1),
    outcome.memory.process,
    mib(beforeBytes),
    mib(peakBytes),
    outcome.ended.length > 0 ? `ended: ${outcome.ended.join(", ")}` : after,
  ];
}

function endsOf({ attack, result, attacked }: Outcome): string {
  const ends = Object.entries(result.ended)
    .toSorted(([, a], [, b]) => b - a)
    .map(([how, count]) => `${how} ${count}`);
  const refused = attacked.refusals.length > 0 ? `; the neighbour was refused ${attacked.refusals.length} calls` : "";
  return `${attack}: ${ends.join(", ")}${refused}`;
}

function mib(bytes: number): string {
  return (bytes / mebibyte).toFixed(0);
}
