import { terminalLine } from "@flovyn/runtime";
import { reasonOf } from "../dev/reason.js";
import { OutOfReachError, RefusedError } from "../dev/rest.js";
import type { AdminTarget } from "./admin-target.js";

export interface AdminCall {
  method?: "GET" | "POST" | "DELETE";
  /** As `/api/orgs`. */
  path: string;
  body?: unknown;
}

const answerMsMax = 30_000;

/** Errors: OutOfReachError, RefusedError. */
export async function callAdmin<Answer>(target: AdminTarget, call: AdminCall): Promise<Answer> {
  const { status, text } = await exchange(target, call).catch((cause: unknown) => {
    throw new OutOfReachError(
      `${target.httpUrl} does not answer (${reasonOf(cause)}): check --http-url or --http-port, and that the server runs`,
      { cause },
    );
  });
  if (status === 401) {
    throw new RefusedError(
      `401: ${terminalLine(refusalOf(text))}: check --key, and that it is one of ${target.httpUrl}`,
    );
  }
  if (status >= 300) throw new RefusedError(`${status}: ${terminalLine(refusalOf(text))}`);
  try {
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  } catch {
    throw new RefusedError(
      `${target.httpUrl} answers with something else than JSON: check that it is Flovyn's HTTP port`,
    );
  }
}

async function exchange(target: AdminTarget, call: AdminCall): Promise<{ status: number; text: string }> {
  const { method = "GET", path, body } = call;
  const answer = await fetch(`${target.httpUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(answerMsMax),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
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

function refusalOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail);
  } catch {
    return text.slice(0, 200);
  }
}
