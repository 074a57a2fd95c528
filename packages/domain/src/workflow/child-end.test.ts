import { describe, expect, it } from "vitest";
import { type ChildEnd, childEndEvent } from "./child-end.js";

const end: ChildEnd = {
  ...{ id: "c", kind: "ship", name: "ship-1", status: "COMPLETED" },
  ...{ output: Buffer.from("1.0"), error: null, cancellationReason: null },
};
const dataOf = (child: ChildEnd) => JSON.parse(Buffer.from(childEndEvent(child).data).toString());

describe("the end of a child", () => {
  it("carries the output verbatim, null where there is none, and every key that some client reads", () => {
    expect(Buffer.from(childEndEvent(end).data).toString()).toContain('"output":1.0}');
    expect(dataOf({ ...end, output: null })).toEqual({
      ...{ childExecutionName: "ship-1", childWorkflowExecutionName: "ship-1", childWorkflowKind: "ship" },
      ...{ childExecutionId: "c", childworkflowExecutionId: "c", childWorkflowExecutionId: "c", output: null },
    });
  });

  it("is a failure with the child's own text, or with the reason of its cancellation", () => {
    const failed = childEndEvent({ ...end, status: "FAILED", error: "no stock" });
    expect(failed).toMatchObject({ type: "CHILD_WORKFLOW_FAILED", wakes: true });
    expect(dataOf({ ...end, status: "FAILED", error: "no stock" }).error).toBe("no stock");
    const cancelled = { ...end, status: "CANCELLED" as const };
    expect(dataOf({ ...cancelled, cancellationReason: "late" }).error).toBe("Child workflow cancelled: late");
    expect(dataOf({ ...cancelled, cancellationReason: "" }).error).toBe("Child workflow cancelled");
  });
});
