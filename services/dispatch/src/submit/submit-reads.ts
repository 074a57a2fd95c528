import {
  findChildrenByName,
  findKnownExecutions,
  findPromises,
  findTaskOwners,
  findTimers,
  type PromiseRef,
  type Transaction,
} from "@flovyn/db";
import {
  type DurablePromise,
  isUuid,
  type KnownExecution,
  type KnownTask,
  type SubmitChange,
  type SubmitFacts,
  type Timer,
  type WorkflowCommand,
} from "@flovyn/domain";
import { PromisesByRef } from "./promises-by-ref.js";

/** A command and the workflow it is for. */
export interface CommandOf {
  workflowId: string;
  command: WorkflowCommand;
}

/** What the commands of one batch have to know of: keys to read by. All empty for most batches. */
interface Wanted {
  taskIds: string[];
  executionIds: string[];
  timers: { workflowId: string; timerId: string }[];
  childNames: { parentId: string; name: string }[];
  promises: PromiseRef[];
}

/** The facts that the submissions of one batch are decided against. */
export class SubmitReads {
  readonly #tasks: Map<string, KnownTask>;
  readonly #executions: Map<string, KnownExecution>;
  readonly #timers: Map<string, Timer>;
  readonly #children: Map<string, string>;
  readonly #promises = new PromisesByRef();
  /** Id of a promise, task or workflow by `org/key`. */
  #holders: ReadonlyMap<string, string> = new Map();

  private constructor(read: {
    tasks: Map<string, KnownTask>;
    executions: Map<string, KnownExecution>;
    timers: readonly Timer[];
    children: Map<string, string>;
    promises: readonly DurablePromise[];
  }) {
    this.#tasks = read.tasks;
    this.#executions = read.executions;
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

  /** Takes in who holds the wanted keys; of those that are promises, which ones they are. */
  async addHolders(tx: Transaction, holders: ReadonlyMap<string, string>): Promise<void> {
    if (holders.size === 0) return;
    this.#holders = holders;
    const unknown = [...new Set(holders.values())].filter((id) => !this.#promises.has(id));
    this.#promises.add(
      await findPromises(
        tx,
        unknown.map((id) => ({ id })),
      ),
    );
  }

  of(workflow: { id: string; orgId: string }): SubmitFacts {
    const { id: workflowId, orgId } = workflow;
    return {
      task: (id) => this.#tasks.get(id),
      timer: (timerId) => this.#timers.get(`${workflowId}/${timerId}`),
      execution: (id) => this.#executions.get(id),
      childNamed: (name) => this.#children.get(`${workflowId}/${name}`),
      promises: (idOrName) => this.#promises.of(workflowId, idOrName),
      keyHolder: (key) => this.#holders.get(`${orgId}/${key}`),
    };
  }

  /** Ids that an applied submission took are taken for the submissions after it. */
  learn(workflowId: string, { effects }: SubmitChange): void {
    for (const { taskId, kind } of effects.tasks) this.#tasks.set(taskId, { kind, workflowId });
    for (const { childId, kind, name } of effects.children) {
      this.#executions.set(childId, { kind, parentId: workflowId, childName: name });
    }
  }
}

function wantedOf(commands: readonly CommandOf[]): Wanted {
  const wanted: Wanted = { taskIds: [], executionIds: [], timers: [], childNames: [], promises: [] };
  for (const { workflowId, command } of commands) {
    switch (command.type) {
      case "SCHEDULE_TASK":
        wanted.taskIds.push(command.taskId);
        break;
      case "START_TIMER":
      case "CANCEL_TIMER":
        wanted.timers.push({ workflowId, timerId: command.timerId });
        break;
      case "SCHEDULE_CHILD_WORKFLOW":
        wanted.executionIds.push(command.childId);
        wanted.childNames.push({ parentId: workflowId, name: command.name });
        break;
      case "REQUEST_CANCEL_CHILD_WORKFLOW":
        if (command.childId !== null) wanted.executionIds.push(command.childId);
        break;
      case "RESOLVE_PROMISE":
        wanted.promises.push({ workflowId, name: command.promise });
        if (isUuid(command.promise)) wanted.promises.push({ id: command.promise });
        break;
      default:
    }
  }
  return wanted;
}
