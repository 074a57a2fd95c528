import { invalidField } from "@flovyn/domain";

/**
 * Refuses a URL whose percent-encoding is broken or stands for no UTF-8. The router would take such text as it is written, and
 * `%ff` would be one key with `%25ff`. Errors: InvalidInput naming the parameter of the query, or the path.
 */
export function checkUrlText(url: string): void {
  if (!url.includes("%")) return;
  const { pathname, search } = new URL(url);
  if (decoded(pathname) === undefined) throw invalidField("path", problem);
  for (const pair of search.slice(1).split("&")) {
    if (decoded(pair) !== undefined) continue;
    const [name = ""] = pair.split("=", 1);
    throw invalidField(decoded(name) ?? "query", problem);
  }
}

const problem = "is not UTF-8 text in percent-encoding";

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
