/** One event as the server sends it; `data` is the text of a JSON object. */
export interface HistoryEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Uint8Array;
}

export interface RecordedEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Calls that are matched by position, each type with its own counter. */
export type CallType = "task" | "operation" | "state";

const initiating: Readonly<Record<string, CallType>> = {
  OPERATION_COMPLETED: "operation",
  STATE_SET: "state",
  STATE_CLEARED: "state",
  TASK_SCHEDULED: "task",
};

/** For events that end a call: under which key the call waits. */
const outcomeKeys: Readonly<Record<string, (data: RecordedEvent["data"]) => string>> = {
  TASK_COMPLETED: (data) => taskKey(String(data.taskExecutionId)),
  TASK_FAILED: (data) => taskKey(String(data.taskExecutionId)),
};

export function taskKey(taskId: string): string {
  return `task ${taskId.toLowerCase()}`;
}

export interface OutcomeEvent extends RecordedEvent {
  readonly key: string;
}

/** A history sorted by what replay looks for. */
export interface History {
  readonly calls: Readonly<Record<CallType, readonly RecordedEvent[]>>;
  /** In the order in which they happened. */
  readonly outcomes: readonly OutcomeEvent[];
  /** Highest sequence of any event, 0 without events. */
  readonly lastSequence: number;
}

/** Errors: Error when the data of an event that replay needs is not a JSON object. */
export function readHistory(events: readonly HistoryEvent[]): History {
  const calls: Record<CallType, RecordedEvent[]> = { task: [], operation: [], state: [] };
  const outcomes: OutcomeEvent[] = [];
  let lastSequence = 0;
  for (const event of inOrder(events)) {
    lastSequence = event.sequence;
    const callType = initiating[event.type];
    const keyOf = outcomeKeys[event.type];
    if (callType !== undefined) calls[callType].push(parse(event));
    if (keyOf !== undefined) {
      const recorded = parse(event);
      outcomes.push({ ...recorded, key: keyOf(recorded.data) });
    }
  }
  return { calls, outcomes, lastSequence };
}

/** The server sends them in order; a sort of what is sorted costs nothing against what a wrong order would do. */
function inOrder(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const sorted = events.every((event, index) => index === 0 || (events[index - 1]?.sequence ?? 0) < event.sequence);
  return sorted ? events : [...events].sort((a, b) => a.sequence - b.sequence);
}

function parse(event: HistoryEvent): RecordedEvent {
  const { sequence, type } = event;
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(event.data.buffer, event.data.byteOffset, event.data.byteLength).toString("utf8"));
  } catch (cause) {
    throw new Error(`event ${sequence} (${type}) does not hold JSON`, { cause });
  }
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    throw new Error(`event ${sequence} (${type}) does not hold a JSON object`);
  }
  return { sequence, type, data: data as Record<string, unknown> };
}
