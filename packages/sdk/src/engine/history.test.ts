import { describe, expect, test } from "vitest";
import { activate, executionId, output } from "../../test/activate.js";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import { WorkflowCancelledError } from "../errors.js";
import { readHistory } from "./history.js";

function historyOf(...events: [type: string, data?: string][]) {
  return readHistory(
    events.map(([type, data = "{}"], index) => ({ sequence: index + 1, type, data: Buffer.from(data) })),
  );
}

describe("a history", () => {
  test.each([
    "WORKFLOW_SUSPENDED",
    "TASK_CANCELLED",
    "CHILD_WORKFLOW_STARTED",
    "CHILD_WORKFLOW_CANCELLED",
    "WORKFLOW_FAILED",
    "WORKFLOW_CANCELLED",
  ])("may hold %s, which settles nothing", (type) => {
    expect(historyOf(["WORKFLOW_STARTED"], [type])).toMatchObject({ happenings: [], lastSequence: 2 });
  });

  test.each(["TIMER_SCHEDULED", "RETRY_REQUESTED", "constructor", ""])("pitfall 21: of type %j is refused", (type) => {
    expect(() => historyOf(["WORKFLOW_STARTED"], [type])).toThrow(
      `event 2 has the type ${type}, which this version of the SDK does not know`,
    );
  });

  test("is refused when what replay reads is not as it should be", () => {
    expect(() => historyOf(["TIMER_FIRED", "[]"])).toThrow("event 1 (TIMER_FIRED) does not hold a JSON object");
    const mark = JSON.stringify({ operationName: "flovyn:signals", result: { look: "first" } });
    expect(() => historyOf(["OPERATION_COMPLETED", mark])).toThrow("does not hold what a look for signals saw");
  });

  test("is sorted by sequence", () => {
    const event = (sequence: number, name: string) => ({
      sequence,
      type: "SIGNAL_RECEIVED",
      data: Buffer.from(JSON.stringify({ signalName: name })),
    });
    const { happenings, lastSequence } = readHistory([event(3, "c"), event(1, "a"), event(2, "b")]);
    expect(happenings.map(({ event: { data } }) => data.signalName)).toEqual(["a", "b", "c"]);
    expect(lastSequence).toBe(3);
  });
});

describe("a cancellation in history", () => {
  test("is thrown by ctx.checkCancellation, and ends the activation as cancelled when it is not caught", async () => {
    const simulated = new SimulatedWorkflow();
    expect(output(await activate((ctx) => ctx.checkCancellation(), simulated))).toBe(null);
    simulated.append("CANCELLATION_REQUESTED", { reason: "not wanted" });
    const caught = await activate((ctx) => {
      try {
        ctx.checkCancellation();
        return "not cancelled";
      } catch (error) {
        return error instanceof WorkflowCancelledError && [error.workflowId, error.reason];
      }
    }, simulated);
    expect(output(caught)).toEqual([executionId, "not wanted"]);
    const cancelled = await activate((ctx) => ctx.checkCancellation(), simulated);
    expect(cancelled.outcome).toEqual({ status: "CANCELLED", reason: "not wanted" });
  });
});
