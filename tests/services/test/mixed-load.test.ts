/**
 * SP-58: complete, fail, cancel, claim, reclaim, heartbeat, start and submit, mixed over shared rows and two replicas of
 * each service, deadlock nowhere. Method: a generator with a fixed seed draws operations on a few workflows, tasks and
 * idempotency keys; many run at once; refusals of single operations are expected, everything else fails the test.
 */
import { newId } from "@flovyn/domain";
import { CancelWorkflowRequest } from "@flovyn/proto/ext";
import { ClaimRequest, ClaimResponse, ReleaseRequest, WorkersSeenRequest } from "@flovyn/proto/internal";
import {
  CancelTaskRequest,
  CommandType,
  CompleteTaskRequest,
  FailTaskRequest,
  HeartbeatRequest,
  StartWorkflowRequest,
  StartWorkflowResponse,
  SubmitTaskRequest,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Cluster } from "./cluster.js";
import { expectConsistent } from "./whole-database.js";

const seed = 58;
const operations = 10_000;
const atOnce = 48;
/** Operations of one kind come in bursts up to this long: batches of several rows are what could deadlock. */
const burstMax = 16;
const queues = ["a", "b", "c"];
const expected = ["OK", "WrongState", "StaleClaim", "NotFound", "AlreadyExists"];

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

/** mulberry32: small, and the same numbers everywhere. */
function createRandom(state: number): () => number {
  let current = state;
  return () => {
    current = (current + 0x6d2b79f5) | 0;
    let mixed = Math.imul(current ^ (current >>> 15), 1 | current);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Held {
  id: string;
  claimEpoch: number;
}

it("SP-58 mixed load deadlocks nowhere and leaves every row consistent", async () => {
  const random = createRandom(seed);
  const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(random() * values.length)];
  const workflows: string[] = [];
  const tasks: string[] = [];
  const heldWorkflows: Held[] = [];
  const heldTasks: Held[] = [];
  const answers = new Map<string, number>();
  /** The newest few: old rows are mostly terminal. */
  const recent = <T>(values: readonly T[]) => pick(values.slice(-60));

  const claim = async (service: "dispatch" | "tasks", held: Held[], seen: string[]) => {
    const operation = service === "tasks" ? "internal/ClaimTasks" : "internal/ClaimWorkflows";
    const pollers = Array.from({ length: 1 + Math.floor(random() * 10) }, () => ({
      workerId: pick(["w1", "w2"]) ?? "",
      leaseMs: 0,
    }));
    const request = { orgId: cluster.orgId, queue: pick(queues) ?? "", kinds: [], pollers };
    const { items } = await cluster.call(service, operation, [ClaimRequest, ClaimResponse], request);
    for (const { id, claimEpoch } of items) {
      held.push({ id, claimEpoch });
      seen.push(id);
    }
  };
  const release = (service: "dispatch" | "tasks", held: Held[]) => {
    const items = Array.from({ length: 5 }, () => recent(held)).filter((item): item is Held => item !== undefined);
    return cluster.send(
      service,
      service === "tasks" ? "internal/ReleaseTasks" : "internal/ReleaseWorkflows",
      ReleaseRequest,
      { items },
    );
  };
  const submit = async () => {
    const held = recent(heldWorkflows);
    if (held === undefined) return;
    const draw = random();
    const status =
      draw < 0.7 ? WorkflowStatus.SUSPENDED : draw < 0.85 ? WorkflowStatus.COMPLETED : WorkflowStatus.FAILED;
    const commands = Array.from({ length: Math.floor(random() * 5) }, (): WorkflowCommand => {
      const value = { kind: "charge", input: Buffer.from("1"), taskExecutionId: newId(), queue: pick(queues) };
      const keyed = random() < 0.3 ? { ...value, idempotencyKey: `key-${Math.floor(random() * 20)}` } : value;
      tasks.push(value.taskExecutionId);
      return {
        commandType: CommandType.SCHEDULE_TASK,
        sequenceNumber: 1,
        commandData: { $case: "scheduleTask", value: keyed },
      };
    });
    const request = { workflowExecutionId: held.id, claimEpoch: held.claimEpoch, status, commands };
    await cluster.send(
      "dispatch",
      "flovyn.v1.WorkflowDispatch/SubmitWorkflowCommands",
      SubmitWorkflowCommandsRequest,
      request,
    );
  };
  const onTask = (name: string) => `flovyn.v1.TaskExecution/${name}`;
  const task = () => ({ taskExecutionId: (random() < 0.8 ? recent(heldTasks)?.id : recent(tasks)) ?? newId() });
  const key = () => (random() < 0.5 ? { idempotencyKey: `key-${Math.floor(random() * 20)}` } : {});
  const mix: [number, () => Promise<unknown>][] = [
    [
      4,
      async () => {
        const types = [StartWorkflowRequest, StartWorkflowResponse] as const;
        const request = { workflowKind: "order", queue: pick(queues) ?? "", ...key() };
        const started = await cluster.call("dispatch", "flovyn.v1.WorkflowDispatch/StartWorkflow", types, request);
        workflows.push(started.workflowExecutionId);
      },
    ],
    [4, () => claim("dispatch", heldWorkflows, workflows)],
    [5, () => claim("tasks", heldTasks, tasks)],
    [7, submit],
    [6, () => cluster.send("tasks", onTask("CompleteTask"), CompleteTaskRequest, task())],
    [4, () => cluster.send("tasks", onTask("FailTask"), FailTaskRequest, { ...task(), error: "no" })],
    [2, () => cluster.send("tasks", onTask("CancelTask"), CancelTaskRequest, task())],
    [4, () => cluster.send("tasks", onTask("Heartbeat"), HeartbeatRequest, task())],
    [2, () => release("tasks", heldTasks)],
    [2, () => release("dispatch", heldWorkflows)],
    [
      1,
      () => {
        const request = { workflowExecutionId: recent(workflows) ?? newId(), reason: "" };
        return cluster.send("dispatch", "flovyn.ext.v1.WorkflowClient/CancelWorkflow", CancelWorkflowRequest, request);
      },
    ],
    [
      2,
      () => {
        const workflowExecutionId = random() < 0.5 ? (recent(workflows) ?? "") : "";
        const request = { kind: "charge", queue: pick(queues) ?? "", workflowExecutionId, ...key() };
        return cluster.send("tasks", onTask("SubmitTask"), SubmitTaskRequest, request);
      },
    ],
    [
      1,
      () => {
        const seen = ["w2", "w1"].map((workerId) => ({ orgId: cluster.orgId, workerId, lost: false, session: false }));
        return cluster.send("dispatch", "internal/WorkersSeen", WorkersSeenRequest, { workers: seen });
      },
    ],
  ];
  const weighted = mix.flatMap(([weight, run]) => Array.from({ length: weight }, () => run));
  let left = operations;
  const runOne = async (run: () => Promise<unknown>) => {
    const answer = await run().then(
      () => "OK",
      (error: { code?: string }) => error.code ?? String(error),
    );
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  };
  const runBursts = async () => {
    while (left > 0) {
      const burst = 1 + Math.floor(random() * burstMax);
      left -= burst;
      const run = pick(weighted) ?? submit;
      await Promise.all(Array.from({ length: burst }, () => runOne(run)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runBursts));
  expect([...answers.keys()].filter((answer) => !expected.includes(answer))).toEqual([]);
  // The load did what it is for: a good part of it changed something.
  expect(answers.get("OK")).toBeGreaterThan(operations / 3);
  // A connection reports its deadlocks when it ends at the latest.
  await cluster.stopServices();
  const connections =
    "select 1 from pg_stat_activity where application_name in ('dispatch', 'tasks') and datname = current_database()";
  await waitFor("the connections of the services to end", async () => (await cluster.rows(connections)).length === 0);
  const [counted] = await cluster.rows<{ deadlocks: number }>(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  expect(counted).toEqual({ deadlocks: 0 });
  await expectConsistent(cluster);
}, 90_000);
