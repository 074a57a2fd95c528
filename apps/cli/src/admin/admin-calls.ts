import { terminalLine } from "@flovyn/runtime";
import { OutOfReachError } from "../dev/rest.js";
import type { AdminTarget } from "./admin-target.js";

/** A refusal of the server, in its own words. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

export interface AdminCall {
  method?: "GET" | "POST" | "DELETE";
  /** As `/api/orgs`. */
  path: string;
  body?: unknown;
}

/** Errors: OutOfReachError, RefusedError. */
export async function callAdmin<Answer>(target: AdminTarget, call: AdminCall): Promise<Answer> {
  const { method = "GET", path, body } = call;
  const answer = await fetch(`${target.httpUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new OutOfReachError(`${target.httpUrl} does not answer`, { cause });
  });
  const text = await answer.text();
  if (answer.ok) return (text === "" ? undefined : JSON.parse(text)) as Answer;
  throw new RefusedError(`${answer.status}: ${terminalLine(reasonOf(text))}`);
}

/** Every page of a list. */
export async function callPages<Item>(target: AdminTarget, path: string, name: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "?limit=100" : `?limit=100&cursor=${encodeURIComponent(cursor)}`;
    const page: Record<string, unknown> = await callAdmin(target, { path: path + query });
    items.push(...(page[name] as Item[]));
    cursor = page.nextCursor as string | null;
  }
  return items;
}

function reasonOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail);
  } catch {
    return text.slice(0, 200);
  }
}
