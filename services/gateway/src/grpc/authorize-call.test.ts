import { StartWorkflowRequest, StreamTaskDataRequest } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import { readCallFacts } from "./authorize-call.js";
import { routes } from "./routes.js";

const id = "0190A5C0-0000-7000-8000-00000000000A";
const other = "0190a5c0-0000-7000-8000-00000000000b";
const route = (name: string) => routes.find((one) => one.name === name) ?? expect.fail(name);

describe("what a call says of its resource", () => {
  it("is the kind and the queue of what is started; no queue is the usual one", () => {
    const start = (more: object) =>
      readCallFacts(
        route("StartWorkflow"),
        StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial(more)).finish(),
      );
    expect(start({ workflowKind: "order", queue: "payments" })).toEqual({ kind: "order", queue: "payments" });
    expect(start({ workflowKind: "order" })).toEqual({ kind: "order", queue: "default" });
  });

  it("is the id of what the action is about, not another one beside it, in one form", () => {
    const message = StreamTaskDataRequest.fromPartial({ taskExecutionId: id, workflowExecutionId: other });
    const facts = readCallFacts(route("StreamTaskData"), StreamTaskDataRequest.encode(message).finish());
    expect(facts.id).toBe(id.toLowerCase());
  });

  it("is nothing where the request cannot be read", () => {
    expect(readCallFacts(route("SignalWorkflow"), Buffer.from([0xff, 0xff]))).toEqual({});
  });
});
