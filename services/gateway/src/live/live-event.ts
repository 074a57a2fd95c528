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

/** The query parameter `types`, a list with commas; all when it is empty. Errors: InvalidInput. */
export function parseStreamTypes(text: string): ReadonlySet<StreamType> {
  if (text === "") return new Set(streamTypes);
  const names = text.split(",");
  return new Set(
    names.map((name) => {
      const type = streamTypes.find((known) => known === name);
      if (type === undefined) throw invalidField("types", `must be a list of ${streamTypes.join(", ")}`);
      return type;
    }),
  );
}
