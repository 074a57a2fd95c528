import { newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface RegisteredDefinition {
  kind: string;
  name: string;
  description: string;
  timeoutSeconds: number | null;
  cancellable: boolean;
  /** JSON array text. */
  tags: string;
  retryPolicy: Uint8Array;
  metadata: Uint8Array;
  inputSchema: Uint8Array;
  outputSchema: Uint8Array;
  version: string;
  contentHash: string;
}

export interface RegisteredWorker {
  orgId: string;
  /** Who registers it. */
  principal: string;
  teamId: string | null;
  name: string;
  version: string;
  type: "WORKFLOW" | "TASK" | "UNIFIED";
  hostName: string;
  processId: string;
  metadata: Uint8Array;
}

const upsertWorker = statement<{ id: string; shared: boolean }>()(
  "workers.upsert",
  {
    params: [
      "id",
      "orgId",
      "principal",
      "teamId",
      "name",
      "version",
      "type",
      "hostName",
      "processId",
      "metadata",
      "now",
      "seenAfter",
    ],
  },
  ({ param, time }) => sql`
    with other as (
      select worker.id from worker join worker_presence presence
        on presence.org_id = worker.org_id and presence.worker_key in (worker.id::text, worker.worker_name)
          and presence.principal = worker.principal
      where worker.org_id = ${param("orgId")}::uuid and worker_name = ${param("name")}
        and worker.principal = ${param("principal")}
        and (host_name, process_id) <> (${param("hostName")}, ${param("processId")})
        and presence.last_seen_at > ${time("seenAfter")} and presence.lost_at is null
    ), registered as (
    insert into worker (id, org_id, principal, team_id, worker_name, worker_version, worker_type, host_name, process_id,
      status, metadata, last_heartbeat_at, registered_at, created_at)
    values (${param("id")}, ${param("orgId")}, ${param("principal")}, ${param("teamId")}, ${param("name")},
      ${param("version")}, ${param("type")}, ${param("hostName")}, ${param("processId")}, 'ONLINE',
      ${param("metadata")}::bytea, ${time("now")}, ${time("now")}, ${time("now")})
    on conflict (org_id, worker_name, principal) do update set team_id = excluded.team_id,
      worker_version = excluded.worker_version, worker_type = excluded.worker_type, host_name = excluded.host_name,
      process_id = excluded.process_id, status = 'ONLINE', metadata = excluded.metadata,
      last_heartbeat_at = excluded.last_heartbeat_at, registered_at = excluded.registered_at
    returning id
    )
    select id, exists (select 1 from other) as shared from registered`,
);

/**
 * Registers a worker by (org, principal, name): a name that is known keeps its id. `shared` says that another process of the
 * principal goes by the same name and gave a sign of life after `seenAfter`.
 */
export async function upsertRegisteredWorker(
  tx: Executor,
  worker: RegisteredWorker,
  times: { now: number; seenAfter: number },
): Promise<{ id: string; shared: boolean }> {
  const [row] = await upsertWorker.run(tx, { id: newId(), ...worker, ...times });
  if (row === undefined) throw new Error("workers.upsert returned no row");
  return row;
}

const definitionRows = {
  id: "uuid",
  linkId: "uuid",
  kind: "text",
  name: "text",
  description: "text",
  timeoutSeconds: "int",
  cancellable: "bool",
  tags: "jsonb",
  retryPolicy: "bytea",
  metadata: "bytea",
  inputSchema: "bytea",
  outputSchema: "bytea",
  version: "text",
  contentHash: "text",
} as const;

const tagsOf = sql.raw(`array(select jsonb_array_elements_text(definition.tags))`);

const linkWorkflows = statement<never>()(
  "workers.linkWorkflows",
  { params: ["workerId", "orgId", "teamId", "now"], sets: { definition: definitionRows } },
  ({ param, time, rows }) => sql`
    with defined as (
      insert into workflow_definition as known (id, org_id, team_id, kind, name, description, timeout_seconds,
        retry_policy, tags, cancellable, latest_version, input_schema, output_schema, metadata, first_seen_at,
        last_registered_at)
      select id, ${param("orgId")}::uuid, ${param("teamId")}::uuid, kind, name, description, "timeoutSeconds",
        "retryPolicy", ${tagsOf}, cancellable, version, "inputSchema", "outputSchema", metadata, ${time("now")},
        ${time("now")}
      from ${rows("definition")} order by kind
      on conflict (org_id, team_id, kind) do update set name = excluded.name, description = excluded.description,
        timeout_seconds = excluded.timeout_seconds, retry_policy = excluded.retry_policy, tags = excluded.tags,
        cancellable = excluded.cancellable, latest_version = excluded.latest_version,
        input_schema = excluded.input_schema, output_schema = excluded.output_schema, metadata = excluded.metadata,
        availability_status = 'AVAILABLE', last_registered_at = excluded.last_registered_at
      returning known.id, known.kind
    )
    insert into worker_workflow_capability (id, worker_id, definition_id, version, content_hash, registered_at)
    select "linkId", ${param("workerId")}::uuid, defined.id, version, "contentHash", ${time("now")}
    from ${rows("definition")} join defined on defined.kind = definition.kind
    on conflict (worker_id, definition_id) do update set version = excluded.version,
      content_hash = excluded.content_hash, registered_at = excluded.registered_at`,
);

const linkTasks = statement<never>()(
  "workers.linkTasks",
  { params: ["workerId", "orgId", "teamId", "now"], sets: { definition: definitionRows } },
  ({ param, time, rows }) => sql`
    with defined as (
      insert into task_definition as known (id, org_id, team_id, kind, name, description, timeout_seconds,
        retry_policy, tags, cancellable, input_schema, output_schema, metadata, first_seen_at, last_registered_at)
      select id, ${param("orgId")}::uuid, ${param("teamId")}::uuid, kind, name, description, "timeoutSeconds",
        "retryPolicy", ${tagsOf}, cancellable, "inputSchema", "outputSchema", metadata, ${time("now")}, ${time("now")}
      from ${rows("definition")} order by kind
      on conflict (org_id, team_id, kind) do update set name = excluded.name, description = excluded.description,
        timeout_seconds = excluded.timeout_seconds, retry_policy = excluded.retry_policy, tags = excluded.tags,
        cancellable = excluded.cancellable, input_schema = excluded.input_schema,
        output_schema = excluded.output_schema, metadata = excluded.metadata, availability_status = 'AVAILABLE',
        last_registered_at = excluded.last_registered_at
      returning known.id, known.kind
    )
    insert into worker_task_capability (id, worker_id, definition_id, registered_at)
    select "linkId", ${param("workerId")}::uuid, defined.id, ${time("now")}
    from ${rows("definition")} join defined on defined.kind = definition.kind
    on conflict (worker_id, definition_id) do update set registered_at = excluded.registered_at`,
);

const unlinkWorkflows = statement<never>()(
  "workers.unlinkWorkflows",
  { params: ["workerId"] },
  ({ param }) => sql`delete from worker_workflow_capability where worker_id = ${param("workerId")}::uuid`,
);

const unlinkTasks = statement<never>()(
  "workers.unlinkTasks",
  { params: ["workerId"] },
  ({ param }) => sql`delete from worker_task_capability where worker_id = ${param("workerId")}::uuid`,
);

/**
 * Writes the capabilities of one kind of work, in place of the ones before unless those are kept. Definitions are
 * upserted in kind order; kinds must be distinct.
 */
export async function writeCapabilities(
  tx: Executor,
  work: "workflow" | "task",
  params: {
    workerId: string;
    orgId: string;
    teamId: string | null;
    definitions: readonly RegisteredDefinition[];
    keepOthers: boolean;
    now: number;
  },
): Promise<void> {
  const { workerId, orgId, teamId, now } = params;
  if (!params.keepOthers) await (work === "workflow" ? unlinkWorkflows : unlinkTasks).run(tx, { workerId });
  if (params.definitions.length === 0) return;
  const definition = params.definitions.map((given) => ({ ...given, id: newId(), linkId: newId() }));
  await (work === "workflow" ? linkWorkflows : linkTasks).run(tx, { workerId, orgId, teamId, now, definition });
}

const heartbeat = statement<{ id: string }>()(
  "workers.heartbeat",
  { params: ["orgId", "principal", "id", "now"] },
  ({ param, time }) => sql`
    update worker set last_heartbeat_at = ${time("now")}, status = 'ONLINE'
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid and principal in (${param("principal")}, '')
    returning worker_name as id`,
);

/** Notes a heartbeat and returns the worker's name; undefined when the principal has no such worker. */
export async function heartbeatWorker(
  tx: Executor,
  params: { orgId: string; principal: string; id: string; now: number },
): Promise<string | undefined> {
  return (await heartbeat.run(tx, params))[0]?.id;
}

const findKinds = statement<{ work: string; kind: string | null }>()(
  "workers.findKinds",
  { params: ["orgId", "principal", "key"] },
  ({ param }) => sql`
    with found as (
      select id from worker where org_id = ${param("orgId")}::uuid and principal in (${param("principal")}, '')
        and (worker_name = ${param("key")} or id::text = ${param("key")})
      order by principal = '', id limit 1
    )
    select 'worker' as work, null as kind from found
    union all select 'workflow', definition.kind from found
      join worker_workflow_capability capability on capability.worker_id = found.id
      join workflow_definition definition on definition.id = capability.definition_id
    union all select 'task', definition.kind from found
      join worker_task_capability capability on capability.worker_id = found.id
      join task_definition definition on definition.id = capability.definition_id`,
);

/**
 * Declared kinds of the worker of a principal with this name or UUID; undefined when none registered. A registration of no
 * known principal counts for those that have none of their own.
 */
export async function findWorkerKinds(
  tx: Executor,
  params: { orgId: string; principal: string; key: string },
): Promise<{ workflowKinds: string[]; taskKinds: string[] } | undefined> {
  const rows = await findKinds.run(tx, params);
  if (rows.length === 0) return undefined;
  const kinds = (work: string) => rows.flatMap((row) => (row.work === work && row.kind !== null ? [row.kind] : []));
  return { workflowKinds: kinds("workflow"), taskKinds: kinds("task") };
}
