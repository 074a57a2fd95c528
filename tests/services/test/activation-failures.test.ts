/**
 * A workflow that its worker cannot run is held and tried again, less and less often, until a worker can. Two replicas of
 * every service and a clock at rest, so that nothing is handed out before its time unless the test lets time pass.
 */
import { ReportActivationFailureRequest, ReportActivationFailureResponse } from "@flovyn/proto/ext";
import { GetWorkflowRequest, ListWorkflowsRequest, ListWorkflowsResponse, WorkflowView } from "@flovyn/proto/internal";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Claimed, codes } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const message = "Determinism violation: the workflow code asked for something else";

function report(
  { id, claimEpoch }: Claimed,
  more: Partial<ReportActivationFailureRequest> = {},
  caller = cluster.caller,
) {
  const request = {
    workflowExecutionId: id,
    claimEpoch,
    reason: "DETERMINISM_VIOLATION",
    message,
    eventSequence: 3,
    ...more,
  };
  const types = [ReportActivationFailureRequest, ReportActivationFailureResponse] as const;
  return cluster.call("dispatch", "flovyn.ext.v1.WorkflowWorker/ReportActivationFailure", types, request, caller);
}

const show = (id: string) =>
  cluster.call("dispatch", "internal/GetWorkflow", [GetWorkflowRequest, WorkflowView], { id });
const listFailing = async (queue: string) => {
  const request = { limit: 10, queue, activationFailing: true };
  const { workflows, total } = await cluster.call(
    "dispatch",
    "internal/ListWorkflows",
    [ListWorkflowsRequest, ListWorkflowsResponse],
    request,
  );
  expect(total).toBe(workflows.length);
  return workflows.map(({ id }) => id);
};

describe("a workflow whose activation failed", () => {
  it("is alive, says why, and is handed out again when its time has come", async () => {
    const order = await calls.start();
    const claimed = await calls.claim(order);
    const now = cluster.clock.now();
    expect(await report(claimed)).toEqual({ failures: 1, nextTryAtMs: now + 1000 });
    expect(await show(order.id)).toMatchObject({
      status: "PENDING",
      activationFailures: 1,
      lastActivationFailure: {
        reason: "DETERMINISM_VIOLATION",
        message,
        eventSequence: 3,
        atMs: now,
        nextTryAtMs: now + 1000,
      },
    });
    expect(await listFailing(order.queue)).toEqual([order.id]);
    expect((await calls.events(order.id)).map(({ type }) => type)).toEqual(["WORKFLOW_STARTED"]);
    expect(await calls.poll("dispatch", order.queue)).toEqual([]);
    cluster.passTime(999);
    expect(await calls.poll("dispatch", order.queue)).toEqual([]);
    cluster.passTime(1);
    expect(await calls.claim(order)).toMatchObject({ id: order.id });
  });

  it("rests twice as long each time, at most five minutes", async () => {
    const order = await calls.start();
    for (const delayMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
      const { nextTryAtMs } = await report(await calls.claim(order));
      expect(nextTryAtMs - cluster.clock.now()).toBe(delayMs);
      cluster.passTime(delayMs);
    }
    expect(await show(order.id)).toMatchObject({ activationFailures: 11, status: "PENDING" });
  });

  it("is as if nothing had been as soon as an activation succeeds", async () => {
    const order = await calls.start();
    await report(await calls.claim(order));
    cluster.passTime(1000);
    await calls.submit(await calls.claim(order), [command.startTimer("t", 60_000)]);
    expect(await show(order.id)).toMatchObject({ status: "WAITING", activationFailures: 0 });
    expect((await show(order.id)).lastActivationFailure).toBeUndefined();
    expect(await listFailing(order.queue)).toEqual([]);
    await calls.signal(order, "go", "1");
    const { nextTryAtMs } = await report(await calls.claim(order));
    expect(nextTryAtMs - cluster.clock.now()).toBe(1000);
    cluster.passTime(1000);
    await calls.complete(order);
    expect(await show(order.id)).toMatchObject({ status: "COMPLETED", activationFailures: 0 });
  });

  it("rests on when a signal comes, and has it when it is tried again", async () => {
    const order = await calls.start();
    await report(await calls.claim(order));
    await calls.signal(order, "go", "1");
    expect(await calls.poll("dispatch", order.queue)).toEqual([]);
    cluster.passTime(1000);
    await calls.claim(order);
    expect((await calls.events(order.id)).map(({ type }) => type)).toEqual(["WORKFLOW_STARTED", "SIGNAL_RECEIVED"]);
  });

  it("can be cancelled while it rests", async () => {
    const order = await calls.start();
    await report(await calls.claim(order));
    await calls.cancel(order);
    expect(await show(order.id)).toMatchObject({ status: "CANCELLED" });
  });
});

describe("a report of a failed activation", () => {
  it("counts for its own claim alone, once", async () => {
    const order = await calls.start();
    const claimed = await calls.claim(order);
    const old = { ...claimed, claimEpoch: claimed.claimEpoch - 1 };
    expect(await codes([report(old)])).toEqual(["StaleClaim"]);
    await report(claimed);
    expect(await report(claimed)).toEqual({ failures: 1, nextTryAtMs: 0 });
    cluster.passTime(1000);
    const again = await calls.claim(order);
    expect(await codes([report(claimed)])).toEqual(["StaleClaim"]);
    await calls.submit(again, [command.complete("1")], { status: WorkflowStatus.COMPLETED });
    expect(await report(again)).toMatchObject({ nextTryAtMs: 0 });
    expect(await show(order.id)).toMatchObject({ status: "COMPLETED", activationFailures: 0 });
  });

  it("is refused with the field that is wrong, and for a workflow of another org as for none", async () => {
    const order = await calls.start();
    const claimed = await calls.claim(order);
    const refused = [
      report(claimed, { reason: "BAD_MOOD" }),
      report(claimed, { eventSequence: -1 }),
      report(claimed, { workflowExecutionId: "x" }),
      report(claimed, {}, { ...cluster.caller, orgId: cluster.otherOrgId }),
      report(claimed, { workflowExecutionId: order.queue.slice(2) }),
    ];
    const errors = await Promise.allSettled(refused);
    const seen = errors.map((one) => one.status === "rejected" && [one.reason.code, one.reason.field]);
    expect(seen).toEqual([
      ["InvalidInput", "reason"],
      ["InvalidInput", "event_sequence"],
      ["InvalidInput", "workflow_execution_id"],
      ["NotFound", "workflow_execution_id"],
      ["NotFound", "workflow_execution_id"],
    ]);
    expect(await show(order.id)).toMatchObject({ status: "RUNNING", activationFailures: 0 });
    await report(claimed, { message: "x".repeat(100_000) });
    expect((await show(order.id)).lastActivationFailure?.message.length).toBeLessThanOrEqual(4096);
  });
});
