import type { IncomingRequest } from "@flovyn/bus";
import { describe, expect, it } from "vitest";
import { routeRequests } from "./route-requests.js";

const asking = (operation: string): IncomingRequest => ({
  operation,
  caller: { orgId: "org", principalType: "User", principalId: "user" },
  requestId: "request-1",
  traceparent: "",
  payload: new Uint8Array([1]),
  timeoutMs: 1_000,
});

describe("routes", () => {
  const handle = routeRequests(new Map([["flovyn.v1.TaskExecution/PollTask", async ({ payload }) => payload]]));

  it("sends a request to the handler of its operation", async () => {
    expect(await handle(asking("flovyn.v1.TaskExecution/PollTask"))).toEqual(new Uint8Array([1]));
  });

  it.each([
    ["flovyn.v1.WorkflowDispatch/ResolvePromise", "ResolvePromise"],
    ["internal/Unknown", "the request"],
    ["constructor", "the request"],
  ])("answers %s as not implemented, by its name where it is public", async (operation, name) => {
    await expect(handle(asking(operation))).rejects.toMatchObject({
      code: "Unimplemented",
      message: `${name} is not implemented yet`,
    });
  });
});
