import type { Attribute, ResourceFacts } from "@flovyn/authz";
import type { Context } from "hono";
import { readBody } from "./body.js";
import type { HttpEnv } from "./http-context.js";
import { readPromiseRef } from "./promise-ref.js";

/**
 * What a request says of the resource it is about, for policies that look at it: the id of the path, kind and queue of the
 * body or the query. What cannot be read is left out; the route itself says what is wrong with it.
 */
export async function readFacts(context: Context<HttpEnv>, wanted: ReadonlySet<Attribute>): Promise<ResourceFacts> {
  const facts: ResourceFacts = {};
  const id = context.req.param("id") ?? promiseId(context.req.param("promise"));
  if (id !== undefined) facts.id = id.toLowerCase();
  if (!wanted.has("kind") && !wanted.has("queue")) return facts;
  const { kind, queue } = context.req.query();
  if (kind !== undefined) facts.kind = kind;
  if (queue !== undefined) facts.queue = queue;
  if (context.req.method === "POST") await addFromBody(context, facts);
  return facts;
}

async function addFromBody(context: Context<HttpEnv>, facts: ResourceFacts): Promise<void> {
  try {
    // The route reads the body once more.
    const body = await readBody(context.req.raw.clone());
    const text = (member: string) => {
      const value: unknown = JSON.parse(body.raw(member) ?? "null");
      return typeof value === "string" ? value : undefined;
    };
    const kind = text("workflowKind") ?? text("kind");
    const queue = text("queue");
    if (kind !== undefined) facts.kind = kind;
    if (queue !== undefined) facts.queue = queue;
  } catch {
    // No body, or none that can be read.
  }
}

function promiseId(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const ref = readPromiseRef(text);
    return ref.type === "id" ? ref.id : undefined;
  } catch {
    return undefined;
  }
}
