/** All an error says, with those it was caused by, once each; credentials in addresses are left out. */
export function reasonOf(error: unknown): string {
  const parts: string[] = [];
  collect(error, parts, 0);
  const text = [...new Set(parts)].join(": ") || String(error);
  return text.replace(/(\w+:\/\/)[^\s/@]*@/g, "$1");
}

const depthMax = 5;

function collect(error: unknown, parts: string[], depth: number): void {
  if (!(error instanceof Error) || depth > depthMax) return;
  const { message, cause } = error;
  if (error instanceof AggregateError && error.errors.length > 0) {
    parts.push(error.errors.map((one) => reasonOf(one)).join("; "));
  } else if (message !== "") {
    parts.push(message);
  } else {
    parts.push(String((error as { code?: unknown }).code ?? error.name));
  }
  collect(cause, parts, depth + 1);
}
