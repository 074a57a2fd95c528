import { DomainError } from "@flovyn/domain";

/** Fields that REST names otherwise than by their name on the wire in camel case. */
const ownNames: ReadonlyMap<string, string> = new Map([
  ["workflow_execution_id", "id"],
  ["task_execution_id", "id"],
  ["promise_id", "promise"],
  ["workflow_kind", "kind"],
  ["workflow_version", "version"],
  ["idempotency_key_ttl_seconds", "idempotencyKeyTTL"],
  ["delay_until_ms", "delayUntil"],
  ["retry_policy", "retry"],
  ["principal_id", "principal"],
  ["resource_id", "resource"],
  ["from_ms", "from"],
  ["to_ms", "to"],
]);

/** How REST names a field of a message: `idempotency_key` is `idempotencyKey`. What is below a field keeps its name. */
export function restName(field: string): string {
  const end = field.search(/[.[]/);
  const [name, below] = end < 0 ? [field, ""] : [field.slice(0, end), field.slice(end)];
  return (ownNames.get(name) ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())) + below;
}

/** An error of a service about a field, with the name that the caller of REST knows; every other error as it is. */
export function withRestName(error: unknown): unknown {
  if (!(error instanceof DomainError) || error.field === undefined) return error;
  const { code, message, field, reason, retryAfterMs, context } = error;
  const name = restName(field);
  if (name === field) return error;
  const renamed = message.startsWith(field) ? name + message.slice(field.length) : message;
  return new DomainError(code, renamed, {
    field: name,
    context,
    cause: error,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
