import type { Task } from "@flovyn/domain";
import { expect } from "vitest";
import type { Cluster } from "../cluster.js";
import type { Family } from "./family.js";

/** All that the database holds of a family, in one look. */
interface Stored {
  workflows: ({ id: string } & Record<string, unknown>)[];
  events: { workflow: string; sequence: number; type: string; data: string }[];
  moves: Record<string, unknown>[];
  tasks: Record<string, unknown>[];
  taskMoves: Record<string, unknown>[];
  timers: Record<string, unknown>[];
  promises: ({ id: string } & Record<string, unknown>)[];
  state: Record<string, unknown>[];
  keys: { key: string; holder: string }[];
}

const moves = (table: string, key: string) => `
  (select coalesce(json_agg(json_build_object('id', ${key}, 'from', from_state, 'to', to_state, 'actor', actor_type || ' ' ||
    actor_id, 'reason', reason, 'attempt', attempt, 'claimEpoch', claim_epoch, 'sortKey', sort_key)
    order by ${key}, sort_key), '[]') from ${table} where ${key} in (select id from `;

const look = `
  with workflow as (select * from workflow_execution where root_execution_id = $1),
    task as (select * from task_execution where workflow_execution_id in (select id from workflow))
  select json_build_object(
    'workflows', (select json_agg(json_build_object('id', id, 'status', status, 'queue', queue, 'sequence', current_sequence,
      'externalSequence', external_sequence, 'wakePending', wake_pending, 'claimEpoch', claim_epoch, 'workerId', worker_id,
      'transitionCount', transition_count, 'parentId', parent_workflow_execution_id, 'childName', child_execution_name,
      'initiatedSequence', initiated_sequence, 'signalCount', signal_count, 'hasWaits', has_waits,
      'owesParent', owes_parent, 'owesMembers', owes_members, 'by', cancelled_by, 'reason', cancellation_reason)
      order by id) from workflow),
    'events', (select json_agg(json_build_object('workflow', workflow_execution_id, 'sequence', sequence_number,
      'type', event_type, 'data', convert_from(event_data, 'UTF8')) order by workflow_execution_id, sequence_number)
      from workflow_event where workflow_execution_id in (select id from workflow)),
    'moves', ${moves("workflow_transition", "workflow_execution_id")} workflow)),
    'tasks', (select coalesce(json_agg(json_build_object('id', id, 'status', status, 'executionCount', execution_count,
      'failureCount', failure_count, 'reclaimCount', reclaim_count, 'claimEpoch', claim_epoch, 'workerId', worker_id,
      'transitionCount', transition_count, 'error', error) order by id), '[]') from task),
    'taskMoves', ${moves("task_transition", "task_execution_id")} task)),
    'timers', (select coalesce(json_agg(json_build_object('workflow', workflow_execution_id, 'timerId', timer_id,
      'status', status, 'fireAt', round(extract(epoch from fire_at) * 1000)) order by workflow_execution_id, timer_id), '[]')
      from timer where workflow_execution_id in (select id from workflow)),
    'promises', (select coalesce(json_agg(json_build_object('id', id, 'workflow', workflow_execution_id, 'name', name,
      'status', status, 'value', convert_from(value, 'UTF8'), 'error', error,
      'timeoutAt', round(extract(epoch from timeout_at) * 1000)) order by id), '[]')
      from promise where workflow_execution_id in (select id from workflow)),
    'state', (select coalesce(json_agg(json_build_object('workflow', workflow_execution_id, 'key', key,
      'value', convert_from(value, 'UTF8')) order by workflow_execution_id, key), '[]')
      from workflow_state where workflow_execution_id in (select id from workflow)),
    'keys', (select coalesce(json_agg(json_build_object('key', key, 'holder', promise_id) order by key), '[]')
      from idempotency_key where promise_id in (select id from promise where workflow_execution_id in (select id from workflow)))
  ) as stored`;

/** Compares a family on Postgres with its model. */
export class Comparison {
  readonly #cluster: Cluster;
  readonly #family: Family;
  /** The server's ids of promises by the model's. */
  readonly #realIds = new Map<string, string>();

  constructor(cluster: Cluster, family: Family) {
    this.#cluster = cluster;
    this.#family = family;
  }

  realId(promiseId: string): string {
    return this.#realIds.get(promiseId) ?? promiseId;
  }

  /**
   * What follows from an end, and what falls due, happens in the background; nothing else does. So the database is looked at
   * until it is as the model says, and what differs in the end is the fault.
   */
  async expectEqual(): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const [row] = await this.#cluster.rows<{ stored: Stored }>(look, [this.#family.all()[0]?.id]);
      const stored = row?.stored as Stored;
      this.#learnIds(stored);
      const modelled = this.#modelled();
      try {
        expect(stored).toEqual(modelled);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** The n-th promise of a workflow in its history is the n-th of the model. */
  #learnIds(stored: Stored): void {
    for (const { workflow } of this.#family.workflows.values()) {
      const created = stored.events.filter((one) => one.workflow === workflow.id && one.type === "PROMISE_CREATED");
      const mine = this.#family.promises.filter((one) => one.workflowId === workflow.id);
      created.forEach(({ data }, at) => {
        const promise = mine[at];
        if (promise !== undefined) this.#realIds.set(promise.id, JSON.parse(data).promiseId);
      });
    }
  }

  #modelled(): Stored {
    const family = this.#family;
    const byId = <T extends { id: string }>(items: readonly T[]): T[] =>
      [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
    const workflows = byId(family.all());
    const tasks = byId([...family.tasks.values()]);
    return {
      workflows: workflows.map((workflow) => ({
        ...{ id: workflow.id, status: workflow.status, queue: workflow.queue, sequence: workflow.sequence },
        ...{ externalSequence: workflow.externalSequence, wakePending: workflow.wakePending },
        ...{ claimEpoch: workflow.claimEpoch, workerId: workflow.workerId, transitionCount: workflow.transitionCount },
        ...{ parentId: workflow.parentId, childName: workflow.childName, signalCount: workflow.signalCount },
        ...{ initiatedSequence: workflow.initiatedSequence, hasWaits: workflow.hasWaits },
        ...{ owesParent: workflow.owesParent, owesMembers: workflow.owesMembers },
        ...{ by: workflow.cancellation?.by ?? null, reason: workflow.cancellation?.reason ?? null },
      })),
      events: workflows.flatMap(({ id }) =>
        (family.workflows.get(id)?.events ?? []).map(({ sequence, type, data }) => {
          return { workflow: id, sequence, type, data: this.#withRealIds(Buffer.from(data).toString()) };
        }),
      ),
      moves: workflows.flatMap(({ id }) => (family.workflows.get(id)?.moves ?? []).map((move) => toMove(id, move))),
      tasks: tasks.map(toTaskRow),
      taskMoves: tasks.flatMap(({ id }) => (family.taskMoves.get(id) ?? []).map((move) => toMove(id, move))),
      timers: [...family.timers]
        .map(({ workflowId, timerId, status, fireAtMs }) => ({
          workflow: workflowId,
          timerId,
          status,
          fireAt: fireAtMs,
        }))
        .sort((a, b) => compareText(a.workflow, b.workflow) || compareText(a.timerId, b.timerId)),
      promises: byId(
        family.promises.map((promise) => ({
          ...{ id: this.realId(promise.id), workflow: promise.workflowId, name: promise.name, status: promise.status },
          ...{ value: promise.value && Buffer.from(promise.value).toString(), error: promise.error },
          timeoutAt: promise.timeoutAtMs,
        })),
      ),
      state: workflows.flatMap(({ id }) =>
        [...(family.workflows.get(id)?.state ?? [])]
          .sort(([a], [b]) => compareText(a, b))
          .map(([key, value]) => ({ workflow: id, key, value })),
      ),
      keys: [...family.keys]
        .map(([key, holder]) => ({ key, holder: this.realId(holder) }))
        .sort((a, b) => compareText(a.key, b.key)),
    };
  }

  #withRealIds(text: string): string {
    if (!text.includes('"promiseId"')) return text;
    return text.replace(/"promiseId":"([^"]*)"/, (_, id: string) => `"promiseId":"${this.realId(id)}"`);
  }
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function toMove(id: string, move: { actor: { type: string; id: string } }) {
  const { actor, ...facts } = move;
  return { id, ...facts, actor: `${actor.type} ${actor.id}` };
}

function toTaskRow({ id, status, executionCount, failureCount, reclaimCount, ...task }: Task) {
  const { claimEpoch, workerId, transitionCount, error } = task;
  return { id, status, executionCount, failureCount, reclaimCount, claimEpoch, workerId, transitionCount, error };
}
