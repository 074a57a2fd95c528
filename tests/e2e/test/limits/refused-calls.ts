import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { FlovynClient } from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";

const unknownId = "0190a5c0-0000-7000-8000-000000000001";
const { INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED } = status;
const tooLong = "x".repeat(256);
const hugePayload = Buffer.from(`"${"x".repeat(4 * 1024 * 1024)}"`);
const signal = { workflowExecutionId: unknownId, signalName: "s" };
const withStart = { workflowId: "refused", workflowKind: "k", signalName: "s" };
const childOf = {
  parentWorkflowExecutionId: unknownId,
  childExecutionName: "c",
  workflowExecutionIdentifier: { $case: "workflowKind", value: "k" },
} as const;

type Call = (client: FlovynClient) => Promise<unknown>;

/** Code and field by what is wrong. */
const calls: [name: string, call: Call, code: number, field: string][] = [
  [
    "a signal to an invalid id",
    (c) => c.signalWorkflow({ ...signal, workflowExecutionId: "1" }),
    INVALID_ARGUMENT,
    "workflow_execution_id",
  ],
  ["a signal to nobody", (c) => c.signalWorkflow(signal), NOT_FOUND, "workflow_execution_id"],
  ["a signal without a name", (c) => c.signalWorkflow({ ...signal, signalName: " " }), INVALID_ARGUMENT, "signal_name"],
  [
    "a long name of a signal",
    (c) => c.signalWorkflow({ ...signal, signalName: tooLong }),
    INVALID_ARGUMENT,
    "signal_name",
  ],
  [
    "a NUL in the name of a signal",
    (c) => c.signalWorkflow({ ...signal, signalName: "\0" }),
    INVALID_ARGUMENT,
    "signal_name",
  ],
  [
    "a large signal",
    (c) => c.signalWorkflow({ ...signal, signalValue: hugePayload }),
    INVALID_ARGUMENT,
    "signal_value",
  ],
  ["a long id of a signal", (c) => c.signalWorkflow({ ...signal, signalId: tooLong }), INVALID_ARGUMENT, "signal_id"],
  ["a signal of an unknown org", (c) => c.signalWorkflow({ ...signal, orgId: unknownId }), PERMISSION_DENIED, "org_id"],
  [
    "a start without an id",
    (c) => c.signalWithStart({ ...withStart, workflowId: "" }),
    INVALID_ARGUMENT,
    "workflow_id",
  ],
  [
    "a start with a long id",
    (c) => c.signalWithStart({ ...withStart, workflowId: tooLong }),
    INVALID_ARGUMENT,
    "workflow_id",
  ],
  [
    "a start without a kind",
    (c) => c.signalWithStart({ ...withStart, workflowKind: "" }),
    INVALID_ARGUMENT,
    "workflow_kind",
  ],
  [
    "a start without a signal",
    (c) => c.signalWithStart({ ...withStart, signalName: "" }),
    INVALID_ARGUMENT,
    "signal_name",
  ],
  [
    "a large input",
    (c) => c.signalWithStart({ ...withStart, workflowInput: hugePayload }),
    INVALID_ARGUMENT,
    "workflow_input",
  ],
  [
    "a large first signal",
    (c) => c.signalWithStart({ ...withStart, signalValue: hugePayload }),
    INVALID_ARGUMENT,
    "signal_value",
  ],
  ["a long queue", (c) => c.signalWithStart({ ...withStart, queue: "q".repeat(101) }), INVALID_ARGUMENT, "queue"],
  [
    "a key that lives too long",
    (c) => c.signalWithStart({ ...withStart, idempotencyKeyTtlSeconds: 2_592_001 }),
    INVALID_ARGUMENT,
    "idempotency_key_ttl_seconds",
  ],
  [
    "reserved metadata",
    (c) => c.signalWithStart({ ...withStart, metadata: { _flovyn_x: "1" } }),
    INVALID_ARGUMENT,
    "metadata",
  ],
  ["a start in another org", (c) => c.signalWithStart({ ...withStart, orgId: unknownId }), PERMISSION_DENIED, "org_id"],
  [
    "a large value of a promise",
    (c) => c.resolvePromise({ promiseId: unknownId, value: hugePayload }),
    INVALID_ARGUMENT,
    "value",
  ],
  [
    "a long name of a promise",
    (c) => c.rejectPromise({ promiseId: `${unknownId}:${tooLong}` }),
    INVALID_ARGUMENT,
    "promise_id",
  ],
  [
    "a query without a name",
    (c) => c.queryWorkflow({ workflowExecutionId: unknownId }),
    INVALID_ARGUMENT,
    "query_name",
  ],
  [
    "a query of nobody",
    (c) => c.queryWorkflow({ workflowExecutionId: unknownId, queryName: "q" }),
    NOT_FOUND,
    "workflow_execution_id",
  ],
  [
    "a query of an invalid id",
    (c) => c.queryWorkflow({ workflowExecutionId: "1", queryName: "q" }),
    INVALID_ARGUMENT,
    "workflow_execution_id",
  ],
  ["a child of nobody", (c) => c.startChildWorkflow(childOf), NOT_FOUND, "workflow_execution_id"],
  [
    "a child of an invalid id",
    (c) => c.startChildWorkflow({ ...childOf, parentWorkflowExecutionId: "1" }),
    INVALID_ARGUMENT,
    "parent_workflow_execution_id",
  ],
  [
    "a child without a name",
    (c) => c.startChildWorkflow({ ...childOf, childExecutionName: "" }),
    INVALID_ARGUMENT,
    "child_execution_name",
  ],
  [
    "a child of another org",
    (c) => c.startChildWorkflow({ ...childOf, orgId: unknownId }),
    PERMISSION_DENIED,
    "org_id",
  ],
  [
    "a cancel of nobody",
    (c) => c.cancelWorkflow({ workflowExecutionId: unknownId }),
    NOT_FOUND,
    "workflow_execution_id",
  ],
  ["a cancel of an unknown task", (c) => c.cancelTask(unknownId), NOT_FOUND, "task_execution_id"],
];

export function refusedCalls(use: ClusterInUse): void {
  test.each(calls)("%s is refused, and nothing comes of it", async (_name, call, code, field) => {
    const total = async () => (await use.rest().get("/workflow-executions?limit=1")).json.total;
    const before = await total();
    const expected = { code, details: expect.stringMatching(new RegExp(`^${field}: `)) };
    await expect(call(use.client())).rejects.toMatchObject(expected);
    expect(await total()).toBe(before);
  });
}
