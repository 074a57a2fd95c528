import type { WorkflowEvent } from "@flovyn/proto/v1";
import { completed } from "../worker/submission.js";
import { EventLog } from "./event-log.js";
import { replayableTypes } from "./event-types.js";
import { type Family, numbered } from "./family.js";
import { ffi, readWithOutput } from "./ffi.js";
import type { Replayed } from "./replayed.js";

/** The Node library under the TypeScript SDK. */
export const napi: Family = {
  ...ffi,
  name: "napi",
  read: readNapi,
  childName: ({ kind, n }) => `${kind}-${n}`,
  submission(commands, end, fetched) {
    // The commands of the activation that completes are dropped.
    return end.type === "completed" ? numbered(completed(end.output), 1) : ffi.submission(commands, end, fetched);
  },
};

/** It drops what it does not know. */
export function readNapi(events: readonly WorkflowEvent[]): Replayed {
  return readWithOutput(new EventLog(events, (type) => (replayableTypes.has(type) ? type : undefined)));
}
