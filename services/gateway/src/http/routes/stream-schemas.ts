import { z } from "@hono/zod-openapi";

export const streamQuery = z.object({
  types: z.string().optional().openapi({
    description:
      "What to send, a list with commas: events (what happens to the execution), tokens, progress, data, errors (what tasks stream).",
    default: "events,tokens,progress,data,errors",
    example: "events,tokens",
  }),
});

export const eventStream = z.string().openapi({
  description:
    "Server-sent events named token (its text), progress (a number), data and error (a JSON object). A data event with type Event is what happened to an execution. Comments come every 15 s; a stream without events closes after 5 minutes.",
  example: 'event: token\ndata: Hello\n\nevent: data\ndata: {"type":"Event","event":"WORKFLOW_COMPLETED"}\n\n',
});
