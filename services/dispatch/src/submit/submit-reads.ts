import {
  findChildrenByName,
  findKnownExecutions,
  findPromises,
  findTaskOwners,
  findTimers,
  type HeldKey,
  type PromiseRefOf,
  type Transaction,
  type WantedId,
} from "@flovyn/db";
import {
  type DurablePromise,
  isUuid,
  type KnownExecution,
  type KnownTask,
  type SubmitChange,
  type SubmitFacts,
  substituteId,
  type Timer,
  type WorkflowCommand,
} from "@flovyn/domain";
import { HeldIds } from "./held-ids.js";
import { PromisesByRef } from "./promises-by-ref.js";

type HeldTask = KnownTask & { orgId: string };
type HeldExecution = KnownExecution & { orgId: string };

/** A command, and the workflow that it is for according to its caller. */
export interface CommandOf {
  orgId: string;
  workflowId: string;
  command: WorkflowCommand;
}

/** What the commands of one batch have to know of: keys to read by. All empty for most batches. */
interface Wanted {
  taskIds: WantedId[];
  executionIds: WantedId[];
  timers: { workflowId: string; timerId: string }[];
  childNames: { parentId: string; name: string }[];
  promises: PromiseRefOf[];
}

/** The facts that the submissions of one batch are decided against. */
export class SubmitReads {
  readonly #tasks: HeldIds<HeldTask>;
  readonly #executions: HeldIds<HeldExecution>;
  readonly #timers: Map<string, Timer>;
  readonly #children: Map<string, { id: string }>;
  readonly #promises = new PromisesByRef();
  /** Id of a promise, task or workflow by `org/key`. */
  #holders: ReadonlyMap<string, string> = new Map();

  private constructor(read: {
    tasks: Map<string, HeldTask>;
    executions: Map<string, HeldExecution>;
    timers: readonly Timer[];
    children: Map<string, { id: string }>;
    promises: readonly DurablePromise[];
  }) {
    this.#tasks = new HeldIds(read.tasks);
    this.#executions = new HeldIds(read.executions);
    this.#timers = new Map(read.timers.map((timer) => [`${timer.workflowId}/${timer.timerId}`, timer]));
    this.#children = read.children;
    this.#promises.add(read.promises);
  }

  /** Reads what the commands ask about; the statement that locks the workflows is sent before. */
  static async load(tx: Transaction, commands: readonly CommandOf[]): Promise<SubmitReads> {
    const wanted = wantedOf(commands);
    const [tasks, executions, timers, children, promises] = await Promise.all([
      findTaskOwners(tx, wanted.taskIds),
      findKnownExecutions(tx, wanted.executionIds),
      findTimers(tx, wanted.timers),
      findChildrenByName(tx, wanted.childNames),
      findPromises(tx, wanted.promises),
    ]);
    return new SubmitReads({ tasks, executions, timers, children, promises });
  }

  /** Takes in who holds the wanted keys, by `org/key`; of those that are promises, which ones they are. */
  async addHolders(tx: Transaction, holders: ReadonlyMap<string, HeldKey>): Promise<void> {
    if (holders.size === 0) return;
    this.#holders = new Map(
      [...holders].map(([name, { promiseId, taskId, workflowId }]) => [name, promiseId ?? taskId ?? workflowId ?? ""]),
    );
    const unknown = [...holders].flatMap(([name, { promiseId: id }]) =>
      id === null || this.#promises.has(id) ? [] : [{ orgId: name.slice(0, name.indexOf("/")), ref: { id } }],
    );
    this.#promises.add(await findPromises(tx, unknown));
  }

  of(workflow: { id: string; orgId: string }): SubmitFacts {
    const { id: workflowId, orgId } = workflow;
    return {
      taskId: (chosen) => this.#tasks.idFor(workflow, chosen),
      task: (id) => this.#tasks.get(id),
      timer: (timerId) => this.#timers.get(`${workflowId}/${timerId}`),
      executionId: (chosen) => this.#executions.idFor(workflow, chosen),
      execution: (id) => this.#executions.get(id),
      childNamed: (name) => this.#children.get(`${workflowId}/${name}`)?.id,
      promises: (idOrName) => this.#promises.of(workflowId, idOrName),
      keyHolder: (key) => this.#holders.get(`${orgId}/${key}`),
    };
  }

  /** Ids that an applied submission took are taken for the submissions after it. */
  learn({ id: workflowId, orgId }: { id: string; orgId: string }, { effects }: SubmitChange): void {
    for (const { taskId, kind } of effects.tasks) this.#tasks.add(taskId, { orgId, kind, workflowId });
    for (const { childId, kind, name } of effects.children) {
      this.#executions.add(childId, { orgId, kind, parentId: workflowId, childName: name });
    }
  }
}

function wantedOf(commands: readonly CommandOf[]): Wanted {
  const wanted: Wanted = { taskIds: [], executionIds: [], timers: [], childNames: [], promises: [] };
  for (const { orgId, workflowId, command } of commands) {
    const wantedId = (id: string) => ({ orgId, id, substitute: substituteId({ orgId, workflowId }, id) });
    switch (command.type) {
      case "SCHEDULE_TASK":
        wanted.taskIds.push(wantedId(command.taskId));
        break;
      case "START_TIMER":
      case "CANCEL_TIMER":
        wanted.timers.push({ workflowId, timerId: command.timerId });
        break;
      case "SCHEDULE_CHILD_WORKFLOW":
        wanted.executionIds.push(wantedId(command.childId));
        wanted.childNames.push({ parentId: workflowId, name: command.name });
        break;
      case "REQUEST_CANCEL_CHILD_WORKFLOW":
        if (command.childId !== null) wanted.executionIds.push(wantedId(command.childId));
        break;
      case "RESOLVE_PROMISE":
        wanted.promises.push({ orgId, ref: { workflowId, name: command.promise } });
        if (isUuid(command.promise)) wanted.promises.push({ orgId, ref: { id: command.promise } });
        break;
      default:
    }
  }
  return wanted;
}
