import { principalOf } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { ResolveOrgRequest, ResolveOrgResponse, WorkerKindsRequest, WorkerKindsResponse } from "@flovyn/proto/internal";
import {
  TaskCapability,
  WorkerHeartbeatRequest,
  WorkerRegistrationRequest,
  WorkerRegistrationResponse,
  WorkflowCapability,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const register = (message: Partial<WorkerRegistrationRequest>, header = {}) =>
  harness.call(
    "flovyn.v1.WorkerLifecycle/RegisterWorker",
    [WorkerRegistrationRequest, WorkerRegistrationResponse],
    { workerName: "w", workerType: "UNIFIED", orgId: harness.orgId, ...message },
    header,
  );
const heartbeat = (workerId: string, header = {}) =>
  harness.raw(
    "flovyn.v1.WorkerLifecycle/SendHeartbeat",
    WorkerHeartbeatRequest.encode(WorkerHeartbeatRequest.fromPartial({ workerId })).finish(),
    header,
  );
const kindsOf = (workerId: string, caller = harness.caller) =>
  harness.call("internal/WorkerKinds", [WorkerKindsRequest, WorkerKindsResponse], {
    workerId,
    principal: principalOf(caller),
  });
const workflow = (kind: string, more = {}) => WorkflowCapability.fromPartial({ kind, name: kind, ...more });
const task = (kind: string, more = {}) => TaskCapability.fromPartial({ kind, name: kind, ...more });

describe("RegisterWorker", () => {
  it("registers what the worker runs and keeps its id when it comes back", async () => {
    const first = await register({ workerName: "a", workflows: [workflow("order")], tasks: [task("charge")] });
    expect(first).toMatchObject({ success: true, workflowConflicts: [], taskConflicts: [] });
    for (const key of ["a", first.workerId]) {
      expect(await kindsOf(key)).toEqual({ registered: true, workflowKinds: ["order"], taskKinds: ["charge"] });
    }
    const again = await register({ workerName: "a", workflows: [workflow("refund")], tasks: [] });
    expect(again.workerId).toBe(first.workerId);
    expect(await kindsOf("a")).toEqual({ registered: true, workflowKinds: ["refund"], taskKinds: [] });
    expect(await kindsOf("nobody")).toEqual({ registered: false, workflowKinds: [], taskKinds: [] });
  });

  it("pitfall 35 leaves capabilities of the other type alone", async () => {
    await register({ workerName: "both", workflows: [workflow("order")], tasks: [task("charge")] });
    await register({ workerName: "both", workerType: "TASK", workflows: [workflow("x")], tasks: [task("ship")] });
    expect(await kindsOf("both")).toEqual({ registered: true, workflowKinds: ["order"], taskKinds: ["ship"] });
    await register({ workerName: "both", workerType: "WORKFLOW", workflows: [] });
    expect(await kindsOf("both")).toEqual({ registered: true, workflowKinds: [], taskKinds: ["ship"] });
  });

  it("keeps what another process of the same name runs", async () => {
    const one = { workerName: "shared", hostName: "host", processId: "1" };
    await register({ ...one, workflows: [workflow("order")] });
    await register({ ...one, processId: "2", workflows: [workflow("refund")] });
    expect((await kindsOf("shared")).workflowKinds.sort()).toEqual(["order", "refund"]);
    await register({ ...one, processId: "2", workflows: [workflow("return")] });
    expect((await kindsOf("shared")).workflowKinds).toEqual(["return"]);
  });

  it("leaves the worker of the same name of another principal alone", async () => {
    const process = { workerName: "twin", hostName: "host", processId: "1" };
    const caller = harness.neighbour;
    const mine = await register({ ...process, workflows: [workflow("order")], tasks: [task("charge")] });
    const theirs = await register({ ...process, processId: "2", workflows: [workflow("stolen")] }, { caller });
    expect(theirs.workerId).not.toBe(mine.workerId);
    for (const key of ["twin", mine.workerId]) {
      expect(await kindsOf(key)).toEqual({ registered: true, workflowKinds: ["order"], taskKinds: ["charge"] });
    }
    for (const key of ["twin", theirs.workerId]) {
      expect(await kindsOf(key, caller)).toEqual({ registered: true, workflowKinds: ["stolen"], taskKinds: [] });
    }
    expect(await kindsOf(mine.workerId, caller)).toEqual({ registered: false, workflowKinds: [], taskKinds: [] });
    // Another process of the name would make the kinds add up, but this one is of another principal.
    await register({ ...process, workflows: [workflow("refund")] });
    expect((await kindsOf("twin")).workflowKinds).toEqual(["refund"]);
  });

  it("pitfall 33 fifty parallel registrations of one name make one row", async () => {
    const kinds = ["a", "b", "c", "d"];
    const registered = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        register({
          workerName: "crowd",
          workflows: (index % 2 ? kinds : [...kinds].reverse()).map((kind) => workflow(kind)),
          tasks: kinds.map((kind) => task(kind)),
        }),
      ),
    );
    expect(new Set(registered.map((worker) => worker.workerId)).size).toBe(1);
    expect(await harness.rows("select 1 from worker where worker_name = 'crowd'")).toHaveLength(1);
    const [row] = await harness.rows(
      `select count(*)::int as links from worker_workflow_capability link join worker on worker.id = link.worker_id
       where worker_name = 'crowd'`,
    );
    expect(row).toEqual({ links: 4 });
  });

  it("pitfall 33 fifty parallel workers that share kinds make one definition for each kind", async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        register({ workerName: `pod-${index}`, workflows: [workflow("shared-1"), workflow("shared-2")] }),
      ),
    );
    const rows = await harness.rows("select kind from workflow_definition where kind like 'shared-%' order by kind");
    expect(rows).toEqual([{ kind: "shared-1" }, { kind: "shared-2" }]);
    expect(await harness.rows("select 1 from worker where worker_name like 'pod-%'")).toHaveLength(50);
  });

  it("keeps schemas and tags as they came; of a kind listed twice the last entry counts", async () => {
    const inputSchema = Buffer.from('{"type": "object"}');
    await register({
      workerName: "schemas",
      workflows: [
        workflow("twice", { version: "1" }),
        workflow("twice", { version: "2", inputSchema, tags: ["a,b", '"c"'] }),
      ],
    });
    const [row] = await harness.rows(
      "select latest_version, convert_from(input_schema, 'UTF8') as schema, tags from workflow_definition where kind = 'twice'",
    );
    expect(row).toEqual({ latest_version: "2", schema: '{"type": "object"}', tags: ["a,b", '"c"'] });
  });

  it.each([
    ["worker_name", { workerName: " " }],
    ["worker_type", { workerType: "AGENT" }],
    ["team_id", { teamId: "x" }],
    ["host_name", { hostName: "h".repeat(256) }],
    ["workflows[0].kind", { workflows: [workflow("")] }],
    ["tasks[1].tags", { tasks: [task("ok"), task("bad", { tags: ["\0"] })] }],
  ])("refuses a bad %s and registers nothing", async (field, message) => {
    const workerName = `bad-${newId()}`;
    await expect(register({ workerName, ...message })).rejects.toMatchObject({ code: "InvalidInput", field });
    expect(await harness.rows("select 1 from worker where worker_name = $1", [workerName])).toEqual([]);
  });

  it("refuses the org of somebody else", async () => {
    await expect(register({ workerName: "spy" }, harness.foreign)).rejects.toMatchObject({ code: "Forbidden" });
  });
});

describe("SendHeartbeat", () => {
  it("is a sign of life of the worker under its id and its name", async () => {
    const { workerId } = await register({ workerName: "pulse" });
    harness.clock.advance(30_000);
    await heartbeat(workerId);
    const rows = await harness.rows("select last_seen_at from worker_presence where worker_key = any($1)", [
      ["pulse", workerId],
    ]);
    const now = new Date(harness.clock.now());
    expect(rows).toEqual([{ last_seen_at: now }, { last_seen_at: now }]);
    expect(await harness.rows("select status, last_heartbeat_at as at from worker where id = $1", [workerId])).toEqual([
      { status: "ONLINE", at: now },
    ]);
  });

  it("is refused for a worker that is unknown, of another org or principal, or no UUID", async () => {
    const { workerId } = await register({ workerName: "mine" });
    await expect(heartbeat(newId())).rejects.toMatchObject({ code: "NotFound" });
    await expect(heartbeat(workerId, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
    await expect(heartbeat(workerId, { caller: harness.neighbour })).rejects.toMatchObject({ code: "NotFound" });
    await heartbeat(workerId, { caller: { ...harness.caller, role: "another credential of the principal" } });
    await expect(heartbeat("mine")).rejects.toMatchObject({ code: "InvalidInput", field: "worker_id" });
  });
});

describe("ResolveOrg", () => {
  const resolve = (slug: string) =>
    harness.call("internal/ResolveOrg", [ResolveOrgRequest, ResolveOrgResponse], { slug, id: "" });

  it("finds an org by its slug", async () => {
    expect(await resolve(harness.orgId)).toMatchObject({ orgId: harness.orgId, org: { slug: harness.orgId } });
    await expect(resolve("nobody")).rejects.toMatchObject({ code: "NotFound" });
  });
});
