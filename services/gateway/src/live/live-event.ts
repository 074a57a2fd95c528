import { invalidField } from "@flovyn/domain";

/** What a watcher may choose from. `events` are what the server says of executions, the others what tasks stream. */
export const streamTypes = ["events", "tokens", "progress", "data", "errors"] as const;
export type StreamType = (typeof streamTypes)[number];

/** The only names that server-sent events have here. */
export const eventNames = {
  events: "data",
  tokens: "token",
  progress: "progress",
  data: "data",
  errors: "error",
} as const satisfies Record<StreamType, string>;

/** One thing to tell watchers. */
export interface LiveEvent {
  type: StreamType;
  /** The workflow, or the standalone task, that it is about. */
  executionId: string;
  /** As it stands alone: a token is its text, progress a number, all else JSON. */
  text: string;
  /** As it stands in a JSON document. */
  json: string;
}

/** The values of the query parameter `types`, each a list with commas. Errors: InvalidInput. */
export function parseStreamTypes(texts: readonly string[]): ReadonlySet<StreamType> {
  const names = texts.filter((text) => text !== "").flatMap((text) => text.split(","));
  if (names.length === 0) return new Set(streamTypes);
  return new Set(
    names.map((name) => {
      const type = streamTypes.find((known) => known === name);
      if (type === undefined) throw invalidField("types", `must be a list of ${streamTypes.join(", ")}`);
      return type;
    }),
  );
}
