export interface HistoryItem {
  sequence: number;
  eventType: string;
  /** ISO text. */
  timestamp: string;
  data: Record<string, unknown>;
}

const typeWidth = "WORKFLOW_EXECUTION_FAILED".length;
const valueLengthMax = 80;

/** One event for the person at the terminal: seconds since `startedAtMs`, sequence, type, and what it is about. */
export function eventLine({ sequence, eventType, timestamp, data }: HistoryItem, startedAtMs: number): string {
  const time = `${((Date.parse(timestamp) - startedAtMs) / 1000).toFixed(2)} s`.padStart(8);
  return `${time}  ${String(sequence).padStart(3)}  ${eventType.padEnd(typeWidth)}  ${detailOf(eventType, data)}`.trimEnd();
}

/** What an event is about, in a few words. Empty for one that says nothing more than its type. */
function detailOf(type: string, data: Record<string, unknown>): string {
  const text = (key: string) => (typeof data[key] === "string" ? data[key] : "");
  const is = (name: string, value: unknown) => `${name} = ${shortValue(value)}`;
  switch (type) {
    case "WORKFLOW_STARTED":
      return text("workflowKind");
    case "WORKFLOW_EXECUTION_FAILED":
      return shortText(text("error"));
    case "CANCELLATION_REQUESTED":
    case "WORKFLOW_CANCELLED":
      return shortText(text("reason"));
    case "OPERATION_COMPLETED":
      return is(text("operationName"), data.result);
    case "STATE_SET":
      return is(text("key"), data.value);
    case "STATE_CLEARED":
      return text("key");
    case "TASK_COMPLETED":
      return is(text("kind"), data.output);
    case "TASK_FAILED":
      return failed(text("kind"), text("error"));
    case "TASK_SCHEDULED":
    case "TASK_CANCELLED":
      return text("kind");
    case "TIMER_STARTED":
      return listed(text("timerId"), seconds(data.durationMs));
    case "TIMER_FIRED":
    case "TIMER_CANCELLED":
      return text("timerId");
    case "PROMISE_CREATED":
      return listed(text("promiseName"), seconds(data.timeoutMs), key(data.idempotencyKey));
    case "PROMISE_RESOLVED":
      return is(text("promiseName"), data.value);
    case "PROMISE_REJECTED":
      return failed(text("promiseName"), text("error"));
    case "PROMISE_TIMEOUT":
      return text("promiseName");
    case "CHILD_WORKFLOW_INITIATED":
      return listed(text("childExecutionName"), text("childWorkflowKind"));
    case "CHILD_WORKFLOW_COMPLETED":
      return is(text("childExecutionName"), data.output);
    case "CHILD_WORKFLOW_FAILED":
      return failed(text("childExecutionName"), text("error"));
    case "SIGNAL_RECEIVED":
      return is(text("signalName"), data.signalValue);
    default:
      return "";
  }
}

function failed(name: string, error: string): string {
  return shortText(`${name}: ${error}`);
}

function listed(...parts: string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

function seconds(ms: unknown): string {
  return typeof ms === "number" ? `${ms / 1000} s` : "";
}

function key(value: unknown): string {
  return typeof value === "string" ? `key ${value}` : "";
}

function shortValue(value: unknown): string {
  return shortText(JSON.stringify(value) ?? "null");
}

function shortText(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length <= valueLengthMax ? line : `${line.slice(0, valueLengthMax - 3)}...`;
}
