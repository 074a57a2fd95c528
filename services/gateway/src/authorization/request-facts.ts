import type { ResourceFacts } from "@flovyn/authz";
import { defaultQueue } from "@flovyn/domain";
import { bareId } from "./bare-id.js";

/** Which members of a request say what it is about. */
export interface FactNames {
  readonly id?: string;
  readonly kind?: string;
  readonly queue?: string;
  /**
   * What a request without a queue means. Left out: no queue at all, or one that only the database knows. `parent`: that of
   * the parent, which only the database knows, and so does `default`.
   */
  readonly withoutQueue?: typeof defaultQueue | "parent";
}

/**
 * What a request says of its resource to policies: the one way from the request that is carried out to facts, of RPCs, of
 * routes and of commands. Members that are absent or empty say nothing, and an id only what it is in its bare form.
 */
export function factsOf(names: FactNames, request: object): ResourceFacts {
  const facts: ResourceFacts = {};
  const id = bareId(textOf(request, names.id));
  const kind = textOf(request, names.kind);
  const queue = queueOf(textOf(request, names.queue), names);
  if (id !== undefined) facts.id = id;
  if (kind !== undefined) facts.kind = kind;
  if (queue !== undefined) facts.queue = queue;
  return facts;
}

function queueOf(text: string | undefined, { withoutQueue }: FactNames): string | undefined {
  if (withoutQueue === "parent") return text === defaultQueue ? undefined : text;
  return text ?? withoutQueue;
}

function textOf(request: object, name: string | undefined): string | undefined {
  const value: unknown = name === undefined ? undefined : Reflect.get(request, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

const queue = { queue: "queue", withoutQueue: defaultQueue } as const;

/** Of requests that several RPCs, routes or commands share. */
export const factNames = {
  start: { kind: "workflowKind", ...queue },
  submitTask: { kind: "kind", ...queue },
  child: { kind: "workflowKind", queue: "queue", withoutQueue: "parent" },
  /** A task of a workflow, which has the queue of the workflow where the command names none. */
  scheduledTask: { kind: "kind", queue: "queue" },
  poll: { queue: "queue" },
  workflow: { id: "workflowExecutionId" },
  task: { id: "taskExecutionId" },
} as const satisfies Record<string, FactNames>;
