import { redactFields } from "./redact.js";

const depthMax = 8;
const aggregatedMax = 8;

export interface SerializedError {
  type: string;
  message: string;
  code?: unknown;
  reason?: unknown;
  context?: object;
  stack?: string;
  /** The failures that an AggregateError stands for: a connection tries several addresses. */
  errors?: unknown[];
  cause?: unknown;
}

/** An error with its whole chain of causes, for the log. */
export function serializeError(error: unknown): unknown {
  return serialize(error, 0);
}

function serialize(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return error;
  const { code, reason, context } = error as { code?: unknown; reason?: unknown; context?: unknown };
  const serialized: SerializedError = { type: error.name, message: error.message };
  if (code !== undefined) serialized.code = code;
  if (reason !== undefined) serialized.reason = reason;
  if (hasFields(context)) serialized.context = redactFields(context);
  if (error.stack !== undefined) serialized.stack = error.stack;
  if (depth >= depthMax) return serialized;
  if (error instanceof AggregateError) {
    serialized.errors = error.errors.slice(0, aggregatedMax).map((one: unknown) => serialize(one, depth + 1));
  }
  if (error.cause !== undefined) serialized.cause = serialize(error.cause, depth + 1);
  return serialized;
}

function hasFields(value: unknown): value is object {
  return value !== null && typeof value === "object" && Object.keys(value).length > 0;
}
