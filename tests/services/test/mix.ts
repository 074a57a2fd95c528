import { newId } from "@flovyn/domain";
import { WorkersSeenRequest } from "@flovyn/proto/internal";
import { CancelTaskRequest, type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { Calls, type Claimed } from "./calls.js";
import type { Cluster } from "./cluster.js";
import { command } from "./commands.js";

const queues = ["a", "b", "c"];
const keys = 20;
/** Few, so that several commands and calls mean the same one. */
const names = 3;

interface Made {
  promises: string[];
  children: string[];
}

/** An operation and how often it is drawn. */
export type Weighted = readonly [weight: number, run: () => Promise<unknown>];

/**
 * Everything that clients and workers do, on a few rows: workflows that schedule, wait and end, tasks, keys, signals,
 * settlements, cancels, and time that passes. `random` decides what an operation is about.
 */
export function createMix(cluster: Cluster, random: () => number): Weighted[] {
  const calls = new Calls(cluster);
  const workflows: string[] = [];
  const tasks: string[] = [];
  /** As `<workflow>:<name>`. */
  const promises: string[] = [];
  const heldWorkflows: Claimed[] = [];
  const heldTasks: Claimed[] = [];

  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T | undefined => values[below(values.length)];
  /** One of the newest few: old rows are mostly terminal. */
  const recent = <T>(values: readonly T[]) => pick(values.slice(-60));
  const queue = () => pick(queues) ?? "";
  const key = () => `key-${below(keys)}`;
  const maybeKey = () => (random() < 0.4 ? { idempotencyKey: key() } : {});
  const aWorkflow = () => recent(workflows) ?? newId();
  const aTask = () => (random() < 0.8 ? recent(heldTasks)?.id : recent(tasks)) ?? newId();
  const known = <T>(list: T[], one: T): T => {
    list.push(one);
    return one;
  };

  const claim = async (service: "dispatch" | "tasks", held: Claimed[], seen: string[]) => {
    for (const claimed of await calls.poll(service, queue(), 1 + below(10))) {
      held.push(claimed);
      seen.push(claimed.id);
    }
  };
  /** What a workflow may refer to: mostly something that it has made before. */
  const made = new Map<string, Made>();
  const madeBy = (id: string) => made.get(id) ?? (made.set(id, { promises: [], children: [] }).get(id) as Made);
  const aCommand = (id: string): WorkflowCommand => {
    const mine = madeBy(id);
    const draw = random();
    const timer = `t-${below(6)}`;
    const promise = `p-${below(names)}`;
    const child = `c-${below(8 * names)}`;
    if (draw < 0.3) return command.scheduleTask(known(tasks, newId()), { queue: queue(), ...maybeKey() });
    if (draw < 0.45) return command.startTimer(timer, below(300));
    if (draw < 0.5) return command.cancelTimer(timer);
    if (draw < 0.68) {
      promises.push(`${id}:${known(mine.promises, promise)}`);
      return command.createPromise(promise, { ...maybeKey(), timeoutMs: below(2_000) });
    }
    if (draw < 0.73) return command.resolvePromise(pick(mine.promises) ?? timer, "1");
    if (draw < 0.89) {
      mine.children.push(child);
      return command.scheduleChild(known(workflows, newId()), child, { queue: queue() });
    }
    if (draw < 0.96) return command.cancelChild({ childExecutionName: pick(mine.children) ?? child });
    return command.setState(`s-${below(names)}`, "1");
  };
  const submit = async () => {
    const held = recent(heldWorkflows);
    if (held === undefined) return;
    // Now and then a worker sends twice.
    if (random() < 0.9) heldWorkflows.splice(heldWorkflows.indexOf(held), 1);
    const draw = random();
    const status =
      draw < 0.8
        ? WorkflowStatus.SUSPENDED
        : draw < 0.9
          ? WorkflowStatus.COMPLETED
          : draw < 0.98
            ? WorkflowStatus.FAILED
            : WorkflowStatus.CANCELLED;
    const commands = Array.from({ length: below(5) }, () => aCommand(held.id));
    await calls.submit(held, commands, { status });
  };
  const release = async (service: "dispatch" | "tasks", held: Claimed[]) => {
    const items = Array.from({ length: 5 }, () => recent(held)).filter((item) => item !== undefined);
    await calls.release(service, items);
  };
  const settle = () => {
    const promise = random() < 0.7 ? (recent(promises) ?? newId()) : `key:${key()}`;
    return random() < 0.5 ? calls.resolve(promise) : calls.reject(promise);
  };

  return [
    [4, async () => known(workflows, (await calls.start({ queue: queue(), ...maybeKey() })).id)],
    [8, () => claim("dispatch", heldWorkflows, workflows)],
    [5, () => claim("tasks", heldTasks, tasks)],
    [16, submit],
    [6, () => calls.completeTask({ id: aTask() })],
    [4, () => calls.failTask({ id: aTask() }, "no", { retryable: true })],
    [
      2,
      () =>
        cluster.send("tasks", "flovyn.v1.TaskExecution/CancelTask", CancelTaskRequest, { taskExecutionId: aTask() }),
    ],
    [4, () => calls.heartbeat({ id: aTask() })],
    [2, () => release("tasks", heldTasks)],
    [1, () => release("dispatch", heldWorkflows)],
    [1, () => calls.cancel({ id: aWorkflow() }, { cascadeToChildren: random() < 0.8 })],
    [
      2,
      () => calls.submitTask({ queue: queue(), workflowExecutionId: random() < 0.5 ? aWorkflow() : "", ...maybeKey() }),
    ],
    [4, () => calls.signal({ id: aWorkflow() }, "go", "1", random() < 0.3 ? { signalId: `s-${below(names)}` } : {})],
    [
      3,
      async () => {
        const { workflowExecutionId } = await calls.signalWithStart({ workflowId: key(), queue: queue() });
        workflows.push(workflowExecutionId);
      },
    ],
    [4, settle],
    [
      1,
      async () => {
        const parentWorkflowExecutionId = aWorkflow();
        const side = { parentWorkflowExecutionId, childExecutionName: `side-${below(names)}`, queue: queue() };
        workflows.push(await calls.startChild(side));
      },
    ],
    [1, () => calls.query(aWorkflow(), "__state")],
    [2, async () => cluster.passTime(below(40))],
    [
      1,
      () => {
        const seen = ["w2", "w1"].map((workerId) => {
          return { orgId: cluster.orgId, principal: "Worker/principal", workerId, lost: false, session: false };
        });
        return cluster.send("dispatch", "internal/WorkersSeen", WorkersSeenRequest, { workers: seen });
      },
    ],
  ];
}
