import type { ActionName, Attribute, ResourceFacts } from "@flovyn/authz";
import { defaultQueue } from "@flovyn/domain";
import type { Context } from "hono";
import { bareId } from "../authorization/bare-id.js";
import { readBody } from "./body.js";
import type { HttpEnv } from "./http-context.js";

/** Where the bodies of routes that start something say what they start. Without a queue it is the usual one. */
const kindMembers: Readonly<Partial<Record<ActionName, string>>> = {
  startWorkflow: "kind",
  submitTask: "kind",
  signalWithStartWorkflow: "workflowKind",
};

/**
 * What a request says of the resource it is about, for policies that look at it: the id of the path, kind and queue of what
 * is started, kind and queue of a filter. Only what the route itself goes by counts. What cannot be read is left out; the
 * route says what is wrong with it.
 */
export async function readFacts(
  context: Context<HttpEnv>,
  action: ActionName,
  wanted: ReadonlySet<Attribute>,
): Promise<ResourceFacts> {
  const facts: ResourceFacts = {};
  const id = bareId(context.req.param("id") ?? context.req.param("promise"));
  if (id !== undefined) facts.id = id;
  if (!wanted.has("kind") && !wanted.has("queue")) return facts;
  const kindMember = kindMembers[action];
  if (kindMember !== undefined) return { ...facts, ...(await startedFacts(context, kindMember)) };
  const { kind, queue } = context.req.query();
  if (kind !== undefined) facts.kind = kind;
  if (queue !== undefined) facts.queue = queue;
  return facts;
}

async function startedFacts(context: Context<HttpEnv>, kindMember: string): Promise<ResourceFacts> {
  try {
    // The route reads the body once more.
    const { values } = await readBody(context.req.raw.clone());
    const text = (member: string) => {
      const value = values[member];
      return typeof value === "string" && value !== "" ? value : undefined;
    };
    const kind = text(kindMember);
    return { ...(kind !== undefined && { kind }), queue: text("queue") ?? defaultQueue };
  } catch {
    // No body, or none that can be read.
    return {};
  }
}
