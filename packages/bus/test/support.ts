import type { Bus, BusLog, BusRequest, Caller, Serving } from "../src/index.js";

export const caller: Caller = {
  orgId: "0190a5c0-0000-7000-8000-000000000001",
  principalType: "Worker",
  principalId: "worker-1",
};

/** A request with everything filled in; a deadline long enough that only tests of deadlines meet it. */
export function busRequest(fields: Partial<BusRequest> = {}): BusRequest {
  return {
    service: "tasks",
    operation: "flovyn.v1.TaskExecution/PollTask",
    payload: bytes("ping"),
    timeoutMs: 20_000,
    caller,
    requestId: "request-1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ...fields,
  };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (payload: Uint8Array): string => Buffer.from(payload).toString();

/** Resolved from outside: what a test or a handler waits for. */
export interface Gate<Value = void> {
  opened: Promise<Value>;
  open(value: Value): void;
}

export function createGate<Value = void>(): Gate<Value> {
  let open: (value: Value) => void = () => {};
  const opened = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export interface LogLine {
  level: keyof BusLog;
  fields: Record<string, unknown>;
  message: string;
}

export interface RecordingLog extends BusLog {
  lines: LogLine[];
}

export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  const method = (level: keyof BusLog) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: method("debug"), info: method("info"), warn: method("warn"), error: method("error") };
}

/** Serves with a handler that answers what it got. */
export function serveEcho(bus: Bus, service: BusRequest["service"] = "tasks"): Promise<Serving> {
  return bus.serve(service, async (request) => request.payload);
}

/** The error a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("resolved, though an error was expected");
}
