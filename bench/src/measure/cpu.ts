import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = readTicksPerSecond();

/** A process whose CPU time is counted. */
export interface CountedProcess {
  name: string;
  pid: number;
  /** Its children count too: Postgres has a process for every connection. */
  withChildren?: boolean;
}

/**
 * User and system CPU seconds that a process has used so far, with those of its children where asked for. Undefined where the
 * system has no /proc. A child that ended is counted by its parent.
 */
export function cpuSeconds({ pid, withChildren = false }: CountedProcess): number | undefined {
  const own = readStat(pid);
  if (own === undefined) return undefined;
  if (!withChildren) return own.ticks / ticksPerSecond;
  let ticks = own.ticks + own.endedChildrenTicks;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry));
    if (stat?.parent === pid) ticks += stat.ticks;
  }
  return ticks / ticksPerSecond;
}

interface Stat {
  parent: number;
  ticks: number;
  endedChildrenTicks: number;
}

function readStat(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // The process has ended, or there is no /proc.
    return undefined;
  }
}

/** The program's name, field 2, may hold spaces and parentheses: the fields that count follow its last parenthesis. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15), endedChildrenTicks: field(16) + field(17) };
}

function readTicksPerSecond(): number {
  try {
    return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })) || 100;
  } catch {
    // Every Linux that Node runs on says 100.
    return 100;
  }
}
