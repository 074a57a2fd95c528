/**
 * Goal: no RPC on the public wire does anything for a caller without a key, or for a key of another org.
 * Approach: walk the descriptors, so that an RPC added later is covered or fails here; compare what an owner sees before and
 * after.
 */
import { extensionRpcs, publishedRpcs, type Rpc } from "@flovyn/proto/descriptors";
import { ExecutionSpan, ReportExecutionSpansResponse, StreamEventType } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CallError,
  createPromise,
  type FlovynClient,
  type GrpcConnection,
  scheduleChild,
  scheduleTask,
  setState,
  startTimer,
  suspended,
} from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { promiseIdOf } from "./wait-for-events.js";
import { activateOnce, claimWorkflow } from "./wait-for-work.js";

/** They answer UNIMPLEMENTED whoever asks. */
const LATER = new Set(publishedRpcs.filter((rpc) => rpc.service.endsWith(".AgentDispatch")).map((rpc) => rpc.name));
/** What no user does, whatever the org: to take work is for workers. The user keys of the cluster are those of administrators. */
const WORKERS_ONLY = new Set([
  "ReportActivationFailure",
  ...["PollWorkflow", "PollTask", "PollAgent", "SubscribeToNotifications", "Heartbeat", "SendHeartbeat"],
  ...["CompleteTask", "FailTask", "CompleteAgent", "FailAgent"],
  ...["RegisterWorker", "SubmitWorkflowCommands", "ReportExecutionSpans", "ReportProgress", "LogMessage"],
  ...["SetState", "ClearState", "ClearAllState", "StreamTaskData"],
  ...["AppendEntry", "SubmitCheckpoint", "ScheduleAgentTask", "SuspendAgent", "ResumeAgent", "SignalAgent"],
  ...["ConsumeSignals", "CancelAgentTask", "StreamAgentData", "SendParentSignal", "SendChildSignal"],
]);
const rpcs = [...publishedRpcs, ...extensionRpcs];
const queue = "private";
const use = useCluster({ replicas: SMALL });

/** What the foreign calls name: an execution, a task, a promise and a worker of the main org. */
let names: Record<string, unknown>;

beforeAll(async () => {
  const { org, replica } = { org: use.cluster.org, replica: use.cluster.replica("gateway", 0) };
  expect(replica.running).toBe(true);
  const client = use.client();
  const { workerId } = await client.registerWorker({
    workerName: "owner",
    workflows: [{ kind: "secret" }],
    tasks: [{ kind: "secret" }],
  });
  const key = { idempotencyKey: "secret-key" };
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "secret", queue, ...key });
  const taskExecutionId = crypto.randomUUID();
  await activateOnce(
    client,
    queue,
    suspended(
      setState("secret", '"value"'),
      scheduleTask({ id: taskExecutionId, kind: "secret" }),
      startTimer("secret", 3_600_000),
      createPromise("secret", { idempotencyKey: "secret-promise" }),
      scheduleChild({ id: crypto.randomUUID(), name: "secret", kind: "secret", queue: "children" }),
    ),
  );
  const span = { spanId: crypto.randomUUID(), spanType: "workflow.execute", workflowId: workflowExecutionId };
  names = {
    orgId: org.id,
    workflowExecutionId,
    taskExecutionId,
    workerId,
    parentWorkflowExecutionId: workflowExecutionId,
    childExecutionName: "stolen",
    workflowExecutionIdentifier: { $case: "workflowKind", value: "stolen" },
    promiseId: await promiseIdOf(client, workflowExecutionId, "secret"),
    workflowId: "secret-key",
    signalName: "stolen",
    signalValue: Buffer.from("1"),
    queryName: "secret",
    reason: "WORKER_ERROR",
    workflowDefinitionId: workflowExecutionId,
    spans: [ExecutionSpan.fromPartial({ ...span, startTimeUnixNs: "1", endTimeUnixNs: "2" })],
    type: StreamEventType.TOKEN,
    payload: '{"type":"token","text":"stolen"}',
    workflowKind: "stolen",
    kind: "stolen",
    queue,
    workerName: "thief",
    workerVersion: "1",
    workerType: "UNIFIED",
    key: "stolen",
    value: Buffer.from("1"),
    output: Buffer.from("1"),
    level: "INFO",
    message: "stolen",
    error: "stolen",
    status: 2,
    timeoutSeconds: 1,
  };
});

/** A request of the type of the RPC that names what `names` holds, as far as the type has such fields. */
function requestOf(rpc: Rpc): { bytes: Uint8Array; hasOrg: boolean } {
  const message = rpc.requestType.decode(new Uint8Array(0)) as Record<string, unknown>;
  const filled = Object.fromEntries(
    Object.entries(message).map(([key, value]) => {
      const name = names[key] ?? value;
      // One name may be text in one message and bytes in another.
      return [key, value instanceof Uint8Array && typeof name === "string" ? Buffer.from(name) : name];
    }),
  );
  return { bytes: rpc.requestType.encode(filled as never).finish(), hasOrg: "orgId" in message };
}

/** How the call ends. */
async function outcome(
  connection: GrpcConnection,
  rpc: Rpc,
): Promise<{ code: number; text: string; answer?: Uint8Array }> {
  const { bytes } = requestOf(rpc);
  const options = { deadlineMs: 10_000 };
  try {
    if (rpc.responseStream) {
      for await (const _ of connection.serverStream(rpc.path, bytes, options)) break;
    } else if (rpc.requestStream) await connection.clientStream(rpc.path, [bytes], options);
    else return { code: status.OK, text: "", answer: await connection.unary(rpc.path, bytes, options) };
    return { code: status.OK, text: "" };
  } catch (error) {
    if (error instanceof CallError) return { code: error.code, text: error.details };
    throw error;
  }
}

/** Everything that an owner can see of what the calls name. */
async function visible(client: FlovynClient): Promise<unknown> {
  const rest = use.rest();
  const id = String(names.workflowExecutionId);
  const answers = [
    `/workflow-executions/${id}`,
    `/workflow-executions/${id}/events`,
    `/workflow-executions/${id}/state`,
    `/task-executions/${names.taskExecutionId}`,
    `/promises/id:${names.promiseId}`,
    "/workflow-executions",
  ].map((path) => rest.get(path));
  const foreign = use.rest(0, { org: use.cluster.otherOrg }).get("/workflow-executions");
  const texts = (await Promise.all([...answers, foreign])).map((answer) => `${answer.status} ${answer.text}`);
  return { texts, events: (await client.getEvents(id)).map((event) => event.eventType) };
}

describe("without a key, or with one that nobody has", () => {
  test.each(rpcs)("$name is UNAUTHENTICATED", async (rpc) => {
    const before = await visible(use.client());
    for (const token of [undefined, "flovyn_wk_test_nobody"]) {
      const { connection } = use.client(0, { token });
      const { code, text } = await outcome(connection, rpc);
      expect({ token, code }).toEqual({ token, code: status.UNAUTHENTICATED });
      expect(text).not.toContain("nobody");
    }
    expect(await visible(use.client())).toEqual(before);
  });
});

describe("with a key of another org", () => {
  test.each(rpcs)("$name opens nothing", async (rpc) => {
    const { otherOrg } = use.cluster;
    const before = await visible(use.client());
    const { hasOrg } = requestOf(rpc);
    for (const token of [otherOrg.workerKey, otherOrg.userKey]) {
      const { code, text, answer } = await outcome(use.client(0, { org: otherOrg, token }).connection, rpc);
      if (token === otherOrg.userKey && WORKERS_ONLY.has(rpc.name)) {
        expect([status[code], text]).toEqual(["PERMISSION_DENIED", expect.stringMatching(/^the key does not allow /)]);
      } else if (rpc.name === "ReportExecutionSpans") {
        // One report may tell of many executions: what is not theirs is counted, not refused.
        const counts = ReportExecutionSpansResponse.decode(answer ?? new Uint8Array(0));
        expect(counts).toEqual({ acceptedCount: 0, rejectedCount: 1 });
      } else if (LATER.has(rpc.name)) {
        expect(code).toBe(status.UNIMPLEMENTED);
        expect(text).toContain(rpc.name);
      } else {
        expect(status[code]).toBe(status[hasOrg ? status.PERMISSION_DENIED : status.NOT_FOUND]);
        if (hasOrg) expect(text).toContain("org_id");
      }
    }
    expect(await visible(use.client())).toEqual(before);
  });
});

test("polls of another org on a queue of the same name get nothing", async () => {
  const { otherOrg, org } = use.cluster;
  const foreign = use.client(0, { org: otherOrg });
  const client = use.client();
  await client.startWorkflow({ workflowKind: "secret", queue });
  expect(await foreign.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
  expect(await foreign.pollTask({ workerId: "w", queue })).toBeUndefined();
  expect((await claimWorkflow(client, { queue, workerId: "w" })).orgId).toBe(org.id);
});

test("both kinds of keys may start workflows and read histories", async () => {
  const { org } = use.cluster;
  for (const token of [org.userKey, org.workerKey]) {
    const client = use.client(0, { token });
    const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "open", queue: "open" });
    expect(await client.getEvents(workflowExecutionId)).toHaveLength(1);
  }
});
