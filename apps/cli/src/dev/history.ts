import { setTimeout as pause } from "node:timers/promises";
import type { AsideLines } from "./aside-lines.js";
import { eventLine, type HistoryItem } from "./event-line.js";
import { callRest, OutOfReachError } from "./rest.js";
import type { DemoTarget } from "./target.js";

const intervalMs = 100;
/** Room for the name of a child workflow. */
const labelWidth = 10;

export interface FollowOptions {
  /** Ends the following; what is left is shown once more. */
  signal: AbortSignal;
  say: (line: string) => void;
  /** Shows child workflows between the events of their parent, each line with its name. */
  withChildren?: boolean;
  /** Lines of the worker, shown between the events. */
  aside?: AsideLines;
  /** Called for each event of the execution itself, from the first one. */
  onEvent?: (event: HistoryItem) => void;
}

/** Events after a sequence. Errors: as `callRest`. */
export async function readHistory(target: DemoTarget, id: string, since: number): Promise<HistoryItem[]> {
  const path = `/workflow-executions/${id}/events?sinceSequence=${since}`;
  return (await callRest<{ events: HistoryItem[] }>(target, path)).events;
}

/** Prints each event of an execution as it appears, until the signal. A server that is away is waited for. Errors: as `callRest`. */
export async function followHistory(target: DemoTarget, id: string, options: FollowOptions): Promise<void> {
  const { signal, say, withChildren = false, aside, onEvent } = options;
  const root: Followed = { id, name: "parent", seen: 0, atMs: 0 };
  const family = [root];
  let startedAtMs: number | undefined;
  const printNew = async (): Promise<void> => {
    const lines = aside?.take() ?? [];
    const sayUntil = (atMs: number) => {
      while (lines[0] !== undefined && lines[0].atMs < atMs) say(lines.shift()?.line ?? "");
    };
    try {
      for (const { of, event, atMs } of await readNew(target, family, withChildren)) {
        sayUntil(atMs);
        startedAtMs ??= Date.parse(event.timestamp);
        const label = withChildren ? `${of.name.padEnd(labelWidth)}  ` : "";
        say(`  ${label}${eventLine(event, startedAtMs)}`);
        if (of === root) onEvent?.(event);
      }
    } finally {
      sayUntil(Number.POSITIVE_INFINITY);
    }
  };
  aside?.hold();
  try {
    while (!signal.aborted) {
      await printNew().catch(ignoreOutage);
      await pause(intervalMs, undefined, { signal }).catch(() => {});
    }
    await printNew();
  } finally {
    aside?.release();
  }
}

function ignoreOutage(error: unknown): void {
  if (!(error instanceof OutOfReachError)) throw error;
}

interface Followed {
  readonly id: string;
  readonly name: string;
  /** Highest sequence that was read. */
  seen: number;
  /** Time of the newest event that was read. */
  atMs: number;
}

/** What is new of an execution and of the children that it is found to have, in the order of time. */
async function readNew(target: DemoTarget, family: Followed[], withChildren: boolean) {
  const found: { of: Followed; event: HistoryItem; atMs: number }[] = [];
  // The family grows while it is walked.
  for (const of of family) {
    for (const event of await readHistory(target, of.id, of.seen)) {
      of.seen = event.sequence;
      // Within one history sequences tell the order; times may differ from it by some ms.
      of.atMs = Math.max(of.atMs, Date.parse(event.timestamp));
      found.push({ of, event, atMs: of.atMs });
      if (withChildren && event.eventType === "CHILD_WORKFLOW_INITIATED") family.push(childOf(event));
    }
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}

function childOf({ data }: HistoryItem): Followed {
  return { id: String(data.childExecutionId), name: String(data.childExecutionName), seen: 0, atMs: 0 };
}
