import type { SerializedError } from "./serialize-error.js";
import { terminalLine } from "./terminal-text.js";

/**
 * A JSON log line as one line for a person; errors follow below it with their causes. Other text passes as it is, but for what a
 * terminal would act on.
 */
export function prettyLine(line: string): string {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line);
  } catch {
    return terminalLine(line.trimEnd());
  }
  const { time, level, service, msg, component, err, ...fields } = parsed;
  const clock = String(time).slice(11, 23);
  const where = component === undefined ? service : `${service}/${component}`;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const head = [clock, String(level).padEnd(5), where, "", msg ?? "", "", ...rest].join(" ").trimEnd();
  return [head, ...errorLines(err, "")].map(terminalLine).join("\n    ");
}

function errorLines(err: unknown, prefix: string): string[] {
  if (err === undefined) return [];
  if (err === null || typeof err !== "object") return [`${prefix}${String(err)}`];
  const { type, message, code, context, stack, errors = [], cause } = err as Partial<SerializedError>;
  const what = stack ?? (type === undefined ? JSON.stringify(err) : `${type}: ${message}`);
  const [first = "", ...frames] = what.split("\n").map((line) => line.trim());
  const suffix = code === undefined || first.includes(String(code)) ? "" : ` (${String(code)})`;
  return [
    `${prefix}${first}${suffix}`,
    ...(context === undefined ? [] : [`  ${JSON.stringify(context)}`]),
    ...frames.map((frame) => `  ${frame}`),
    ...errors.flatMap((one) => errorLines(one, "one of: ")),
    ...errorLines(cause, "caused by: "),
  ];
}
