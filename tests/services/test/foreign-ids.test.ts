/**
 * An id of another org looks like one that is not there: the same answer, and nothing is waited for. Every operation of
 * every service is called with both while another transaction holds the locks of all rows of the other org; a call that
 * wanted one of them would end by its timeout. The table is compared with the routes, so that a new one must say what it does.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceName } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import * as ext from "@flovyn/proto/ext";
import * as internal from "@flovyn/proto/internal";
import * as v1 from "@flovyn/proto/v1";
import { workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";

/** Ids of one of each; those of another org, or of nothing at all. */
interface Ids {
  workflow: string;
  task: string;
  promise: string;
  token: string;
  worker: string;
}

interface Codec {
  // biome-ignore lint/suspicious/noExplicitAny: the table holds messages of all types
  encode(message: any): { finish(): Uint8Array };
  // biome-ignore lint/suspicious/noExplicitAny: the table holds messages of all types
  decode(bytes: Uint8Array): any;
  // biome-ignore lint/suspicious/noExplicitAny: the table holds messages of all types
  fromPartial(message: any): any;
}

type Call = readonly [operation: string, type: Codec, message: (ids: Ids) => object];

const bytes = Buffer.from("1");
const dispatch = (name: string) => `flovyn.v1.WorkflowDispatch/${name}`;
const task = (name: string) => `flovyn.v1.TaskExecution/${name}`;
const client = (name: string) => `flovyn.ext.v1.WorkflowClient/${name}`;
const start = { workflowKind: "order", queue: "q", input: bytes };
const suspended = { status: v1.WorkflowStatus.SUSPENDED };
const claim = (id: string) => ({ items: [{ id, claimEpoch: 1 }] });

const calls: Record<"dispatch" | "tasks" | "promises", readonly Call[]> = {
  dispatch: [
    [
      dispatch("StartWorkflow"),
      v1.StartWorkflowRequest,
      (ids) => ({ ...start, parentWorkflowExecutionId: ids.workflow }),
    ],
    [
      dispatch("StartChildWorkflow"),
      v1.StartChildWorkflowRequest,
      (ids) => ({
        ...{ parentWorkflowExecutionId: ids.workflow, childExecutionName: "child", input: bytes },
        workflowExecutionIdentifier: { $case: "workflowKind", value: "order" },
      }),
    ],
    [
      dispatch("SignalWorkflow"),
      v1.SignalWorkflowRequest,
      (ids) => ({ workflowExecutionId: ids.workflow, signalName: "go", signalValue: bytes, signalId: "s" }),
    ],
    [
      "flovyn.v1.WorkflowQuery/QueryWorkflow",
      v1.QueryWorkflowRequest,
      (ids) => ({ workflowExecutionId: ids.workflow, queryName: "q" }),
    ],
    [dispatch("GetEvents"), v1.GetEventsRequest, (ids) => ({ workflowExecutionId: ids.workflow })],
    [
      dispatch("SubmitWorkflowCommands"),
      v1.SubmitWorkflowCommandsRequest,
      (ids) => ({
        ...{ workflowExecutionId: ids.workflow, ...suspended },
        commands: [
          command.resolvePromise("p", "1"),
          command.startTimer("t", 1),
          command.cancelChild({ childExecutionName: "c" }),
        ],
      }),
    ],
    [
      dispatch("ReportExecutionSpans"),
      v1.ReportExecutionSpansRequest,
      (ids) => ({
        spans: [{ spanId: newId(), spanType: "workflow.execute", workflowId: ids.workflow, taskId: ids.task }],
      }),
    ],
    ["flovyn.v1.WorkerLifecycle/SendHeartbeat", v1.WorkerHeartbeatRequest, (ids) => ({ workerId: ids.worker })],
    [client("AwaitResult"), ext.AwaitResultRequest, (ids) => ({ workflowExecutionId: ids.workflow })],
    [client("CancelWorkflow"), ext.CancelWorkflowRequest, (ids) => ({ workflowExecutionId: ids.workflow })],
    [
      "flovyn.ext.v1.WorkflowWorker/ReportActivationFailure",
      ext.ReportActivationFailureRequest,
      (ids) => ({ workflowExecutionId: ids.workflow, reason: "WORKER_ERROR" }),
    ],
    ["internal/ReleaseWorkflows", internal.ReleaseRequest, (ids) => claim(ids.workflow)],
    ["internal/WorkerKinds", internal.WorkerKindsRequest, (ids) => ({ workerId: ids.worker })],
    ["internal/RevokeWorkerToken", internal.RevokeWorkerTokenRequest, (ids) => ({ id: ids.token })],
    ["internal/GetWorkflow", internal.GetWorkflowRequest, (ids) => ({ id: ids.workflow })],
    ["internal/GetWorkflowState", internal.GetWorkflowStateRequest, (ids) => ({ workflowExecutionId: ids.workflow })],
    ["internal/ListEvents", internal.ListEventsRequest, (ids) => ({ workflowExecutionId: ids.workflow })],
  ],
  tasks: [
    [
      task("SubmitTask"),
      v1.SubmitTaskRequest,
      (ids) => ({ workflowExecutionId: ids.workflow, kind: "k", input: bytes }),
    ],
    [task("CompleteTask"), v1.CompleteTaskRequest, (ids) => ({ taskExecutionId: ids.task, output: bytes })],
    [task("FailTask"), v1.FailTaskRequest, (ids) => ({ taskExecutionId: ids.task, error: "e" })],
    [task("ReportProgress"), v1.ReportProgressRequest, (ids) => ({ taskExecutionId: ids.task, progress: 0.5 })],
    [task("Heartbeat"), v1.HeartbeatRequest, (ids) => ({ taskExecutionId: ids.task })],
    [task("CancelTask"), v1.CancelTaskRequest, (ids) => ({ taskExecutionId: ids.task })],
    [task("LogMessage"), v1.LogMessageRequest, (ids) => ({ taskExecutionId: ids.task, level: "INFO", message: "m" })],
    [
      task("StreamTaskData"),
      v1.StreamTaskDataRequest,
      (ids) => ({
        taskExecutionId: ids.task,
        workflowExecutionId: ids.workflow,
        type: v1.StreamEventType.DATA,
        payload: "{}",
      }),
    ],
    [task("GetState"), v1.GetStateRequest, (ids) => ({ taskExecutionId: ids.task, key: "k" })],
    [task("SetState"), v1.SetStateRequest, (ids) => ({ taskExecutionId: ids.task, key: "k", value: bytes })],
    [task("ClearState"), v1.ClearStateRequest, (ids) => ({ taskExecutionId: ids.task, key: "k" })],
    [task("ClearAllState"), v1.ClearAllStateRequest, (ids) => ({ taskExecutionId: ids.task })],
    [task("GetStateKeys"), v1.GetStateKeysRequest, (ids) => ({ taskExecutionId: ids.task })],
    ["internal/ReleaseTasks", internal.ReleaseRequest, (ids) => claim(ids.task)],
    ["internal/CancelTask", internal.CancelTaskExecutionRequest, (ids) => ({ id: ids.task })],
    ["internal/GetTask", internal.GetTaskRequest, (ids) => ({ id: ids.task })],
  ],
  promises: [
    [dispatch("ResolvePromise"), v1.ResolvePromiseRequest, (ids) => ({ promiseId: ids.promise, value: bytes })],
    [dispatch("RejectPromise"), v1.RejectPromiseRequest, (ids) => ({ promiseId: `${ids.workflow}:p`, error: "e" })],
    [
      "internal/SettlePromise",
      internal.SettlePromiseRequest,
      (ids) => ({ promise: `id:${ids.promise}`, outcome: { $case: "value", value: bytes } }),
    ],
    ["internal/GetPromise", internal.GetPromiseRequest, (ids) => ({ promise: ids.promise })],
  ],
};

/** They name nothing by an id that a caller could make up, or only services may call them. */
const withoutIds = [
  dispatch("SignalWithStartWorkflow"),
  "flovyn.v1.WorkerLifecycle/RegisterWorker",
  ...["ClaimWorkflows", "ClaimTasks", "WorkersSeen", "ResolveOrg", "CreateOrg", "ListOrgs"].map(
    (name) => `internal/${name}`,
  ),
  ...["CreateWorkerToken", "ListWorkerTokens", "FindWorkerTokens", "CheckWorkerTokens"].map(
    (name) => `internal/${name}`,
  ),
  ...["RecordAudit", "ListAudit", "ListWorkflows"].map((name) => `internal/${name}`),
];

let cluster: Cluster;
let own: Calls;
let foreign: Ids;

beforeAll(async () => {
  cluster = await Cluster.start();
  own = new Calls(cluster);
  foreign = await idsOfOtherOrg();
});
afterAll(() => cluster.stop());

/** Live things of another org, each in use. */
async function idsOfOtherOrg(): Promise<Ids> {
  const caller = { ...cluster.caller, orgId: cluster.otherOrgId };
  const theirs = new Calls(cluster, caller);
  const taskId = newId();
  const waits = [command.scheduleTask(taskId), command.createPromise("p"), command.startTimer("t", 3_600_000)];
  const waiting = await theirs.waiting(waits);
  await theirs.claimTask(waiting.queue);
  const [promise] = await cluster.rows<{ id: string }>("select id from promise where workflow_execution_id = $1", [
    waiting.id,
  ]);
  const registration = {
    workerName: "theirs",
    workerVersion: "1",
    workerType: "UNIFIED",
    hostName: "h",
    processId: "1",
  };
  const registered = await cluster.call(
    ...(["dispatch", "flovyn.v1.WorkerLifecycle/RegisterWorker"] as const),
    [v1.WorkerRegistrationRequest, v1.WorkerRegistrationResponse],
    ...[{ ...registration, orgId: caller.orgId }, caller],
  );
  const token = newId();
  await cluster.rows(
    `insert into worker_token (id, org_id, display_name, prefix, hash, secret_id, created_by, created_at)
     values ($1, $2, 'theirs', 'fwt_000000000000', decode(repeat('00', 32), 'hex'), 's', 'c', now())`,
    [token, caller.orgId],
  );
  return { workflow: waiting.id, task: taskId, promise: promise?.id ?? "", token, worker: registered.workerId };
}

const tables = ["workflow_execution", "task_execution", "promise", "timer", "worker", "worker_token"];

/** Runs `work` while another transaction holds the locks of all rows of the other org. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  return cluster.observer.transaction(async (tx) => {
    for (const table of tables) {
      await tx.query({ text: `select 1 from ${table} where org_id = $1 for update`, values: [cluster.otherOrgId] });
    }
    return work();
  });
}

/** What the other org has, to the last bit. */
async function theirRows() {
  const texts = tables.map((table) => `select ctid::text, row::text from ${table} as row where org_id = $1`);
  return cluster.rows(`${texts.join(" union all ")} order by 1, 2`, [cluster.otherOrgId]);
}

/** The answer, or the refusal, without the ids. */
async function outcomeOf(answer: Promise<Uint8Array | string>, ids: Ids): Promise<string> {
  const text = await answer.then(
    (value) => (typeof value === "string" ? value : Buffer.from(value).toString("latin1")),
    ({ code, message, field, reason }: Record<string, unknown>) => JSON.stringify({ code, message, field, reason }),
  );
  return Object.values(ids).reduce((rest: string, id: string) => rest.replaceAll(id, "<id>"), text);
}

const missing = (): Ids => ({ workflow: newId(), task: newId(), promise: newId(), token: newId(), worker: newId() });

describe("an id of another org", () => {
  it("is looked for by all operations in the routes of the services, but for those that take none", async () => {
    const routed: string[] = [];
    for (const service of Object.keys(calls)) {
      const source = await readFile(join(workspaceRoot(), "services", service, "src/handlers/index.ts"), "utf8");
      for (const [, operation] of source.matchAll(/^ {4}\["([^"]+)",/gm)) routed.push(operation as string);
    }
    expect(routed.length).toBeGreaterThan(40);
    const known = [
      ...Object.values(calls).flatMap((ofService) => ofService.map(([operation]) => operation)),
      ...withoutIds,
    ];
    expect(routed.toSorted()).toEqual(known.toSorted());
  });

  const all = Object.entries(calls).flatMap(([service, ofService]) =>
    ofService.map((call) => [call[0], service, call] as const),
  );
  it.each(all)(
    "is answered by %s as one that is not there, and waits for no lock",
    async (operation, service, call) => {
      const [, type, message] = call;
      const send = (ids: Ids) => outcomeOf(cluster.send(service as ServiceName, operation, type, message(ids)), ids);
      const before = await theirRows();
      const [theirs, nothing] = [await whileLocked(() => send(foreign)), await send(missing())];
      expect(theirs).toBe(nothing);
      expect(theirs).not.toContain("INVALID");
      expect(await theirRows()).toEqual(before);
    },
  );
});

describe("a command with an id of another org", () => {
  const commands: Record<string, (ids: Ids) => v1.WorkflowCommand> = {
    SCHEDULE_TASK: (ids) => command.scheduleTask(ids.task),
    SCHEDULE_CHILD_WORKFLOW: (ids) => command.scheduleChild(ids.workflow, "first"),
    RESOLVE_PROMISE: (ids) => command.resolvePromise(ids.promise, "1"),
    REQUEST_CANCEL_CHILD_WORKFLOW: (ids) => command.cancelChild({ childWorkflowExecutionId: ids.workflow }),
  };

  it.each(Object.keys(commands))("%s is answered as one with an id that is free", async (type) => {
    const submit = async (ids: Ids) => {
      const claimed = await own.claim(await own.start());
      const made = commands[type] as (ids: Ids) => v1.WorkflowCommand;
      const answer = own.submit(claimed, [made(ids)]).then(() => "accepted");
      return [await outcomeOf(answer, ids), await own.types(claimed.id)];
    };
    const before = await theirRows();
    const [theirs, nothing] = [await whileLocked(() => submit(foreign)), await submit(missing())];
    expect(theirs).toEqual(nothing);
    expect(await theirRows()).toEqual(before);
  });

  it("schedules a task under an id of its own, which events and polls name, and which it keeps when asked again", async () => {
    const started = await own.start();
    const claimed = await own.claim(started);
    await own.submit(claimed, [command.scheduleTask(foreign.task), command.scheduleTask(foreign.task)]);
    const [scheduled, ...more] = await own.eventsOf(claimed.id, "TASK_SCHEDULED");
    expect(more).toEqual([]);
    const { id } = await own.claimTask(started.queue);
    expect(id).not.toBe(foreign.task);
    expect(scheduled?.data).toMatchObject({ taskExecutionId: id });
    await own.signal(started, "go");
    await own.submit(await own.claim(started), [command.scheduleTask(foreign.task)]);
    expect(await own.eventsOf(claimed.id, "TASK_SCHEDULED")).toHaveLength(1);
  });

  it("starts a child under an id of its own, which can be cancelled by the id that was chosen", async () => {
    const started = await own.start();
    await own.submit(await own.claim(started), [command.scheduleChild(foreign.workflow, "first")]);
    const [initiated] = await own.eventsOf(started.id, "CHILD_WORKFLOW_INITIATED");
    const id = String(initiated?.data.childExecutionId);
    expect(id).not.toBe(foreign.workflow);
    await own.signal(started, "go");
    const again = [
      command.scheduleChild(foreign.workflow, "first"),
      command.cancelChild({ childWorkflowExecutionId: foreign.workflow }),
    ];
    await own.submit(await own.claim(started), again);
    expect(await own.eventsOf(started.id, "CHILD_WORKFLOW_INITIATED")).toHaveLength(1);
    expect(await own.status(id)).toBe("CANCELLED");
  });
});
