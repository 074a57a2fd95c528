import { setTimeout as pause } from "node:timers/promises";
import type { DemoTarget } from "./target.js";

interface HistoryItem {
  sequence: number;
  eventType: string;
  timestamp: string;
  data: Record<string, unknown>;
}

const intervalMs = 100;

/** Events after a sequence, over the REST door. Errors: Error with the server's text. */
export async function readHistory(target: DemoTarget, id: string, since: number): Promise<HistoryItem[]> {
  const url = `${target.httpUrl}/api/orgs/${target.orgSlug}/workflow-executions/${id}/events?sinceSequence=${since}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${target.apiKey}` } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { events: HistoryItem[] }).events;
}

/** Prints each event of an execution as it appears, until the signal; then what is left once more. */
export async function followHistory(
  target: DemoTarget,
  id: string,
  options: { signal: AbortSignal; print: (line: string) => void },
): Promise<void> {
  let seen = 0;
  let startedAt: number | undefined;
  const printNew = async (): Promise<void> => {
    for (const event of await readHistory(target, id, seen)) {
      const at = Date.parse(event.timestamp);
      startedAt ??= at;
      seen = event.sequence;
      const time = `${((at - startedAt) / 1000).toFixed(2)} s`.padStart(8);
      options.print(
        `  ${time}  ${String(event.sequence).padStart(3)}  ${event.eventType.padEnd(20)} ${detailOf(event.data)}`.trimEnd(),
      );
    }
  };
  while (!options.signal.aborted) {
    await printNew();
    await pause(intervalMs, undefined, { signal: options.signal }).catch(() => {});
  }
  await printNew();
}

function detailOf(data: Record<string, unknown>): string {
  for (const key of ["kind", "operationName", "key", "error", "workflowKind"]) {
    if (typeof data[key] === "string") return data[key];
  }
  return "";
}
