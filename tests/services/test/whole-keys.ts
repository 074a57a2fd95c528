import { expect } from "vitest";
import type { Cluster } from "./cluster.js";

/** What holds for all idempotency keys: each has one holder, and none belongs to something that ended without success. */
export async function expectKeysConsistent(cluster: Cluster): Promise<void> {
  const wrong = await cluster.rows(`
    select held.key, workflow.status as workflow, task.status as task, promise.status as promise, owner.status as owner
    from idempotency_key held
    left join workflow_execution workflow on workflow.id = held.workflow_execution_id
    left join task_execution task on task.id = held.task_execution_id
    left join promise on promise.id = held.promise_id
    left join workflow_execution owner on owner.id = promise.workflow_execution_id
    where num_nonnulls(workflow.id, task.id, promise.id) <> 1
      or workflow.status in ('FAILED', 'CANCELLED') or task.status in ('FAILED', 'CANCELLED')
      or owner.status in ('FAILED', 'CANCELLED') or promise.status = 'CANCELLED'`);
  expect(wrong, "idempotency keys").toEqual([]);
}
