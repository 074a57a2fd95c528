/**
 * Goal: every member of a request over REST that names a kind, a queue or an id counts for policies as the route goes by it.
 * Approach: walk the OpenAPI document. One gateway forbids one kind, one queue and one id: a request that names it anywhere is
 * refused, and the same request with another value is not. Members for which that is not so are listed with a reason.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatExecutionId } from "@flovyn/domain";
import { StartWorkflowRequest, SubmitWorkflowCommandsRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callRaw, GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-policies-"));
const secretId = "0190a5c0-0000-7000-8000-0000000000ee";
const otherId = "0190a5c0-0000-7000-8000-0000000000aa";
const viewerKey = "flovyn_sk_viewer";
let harness: GatewayHarness;

beforeAll(async () => {
  writeFileSync(
    join(folder, "own.cedar"),
    `forbid (principal, action, resource) when { resource has kind && resource.kind == "secret" };
     forbid (principal, action, resource) when { resource has queue && resource.queue == "secret" };
     forbid (principal is Flovyn::User, action in ${actionsWithIds()}, resource)
     when { resource has id && resource.id == "${secretId}" };`,
  );
  const user = { org_id: org.id, principal_type: "User" };
  const keys = [
    { ...user, key: userKey, principal_id: "u", role: "OWNER" },
    { ...user, key: viewerKey, principal_id: "v", role: "VIEWER" },
  ];
  harness = await GatewayHarness.start(
    testConfig({ auth: { static_api_key: { keys }, cedar: { policies: [folder] } } }),
  );
  answerOrgs(harness.services);
});

afterAll(async () => {
  await harness.stop();
  rmSync(folder, { recursive: true });
});

function actionsWithIds(): string {
  const groups = ["view", "list", "create", "update", "delete", "execute", "manage"];
  return `[${groups.map((group) => `Flovyn::Action::"${group}"`).join(", ")}]`;
}

interface Schema {
  $ref?: string;
  type?: string;
  required?: string[];
  properties?: Record<string, Schema>;
}

interface Operation {
  parameters?: { name: string; in: "path" | "query" }[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A member of the requests of a route. */
interface Member {
  method: string;
  path: string;
  in: "path" | "query" | "body";
  name: string;
}

const naming = /^(id|promise|ids|.*Ids?|kinds?|.*Kinds?|queues?)$/;

const silent: Readonly<Record<string, string>> = {
  workflowId: "An idempotency key: which execution holds it is for the database to say.",
  signalId: "Tells two signals apart.",
};

async function document(): Promise<OpenApi> {
  return (await (await harness.fetch("/api/docs/openapi.json")).json()) as OpenApi;
}

function schemaOf({ components }: OpenApi, operation: Operation): Schema {
  const schema = operation.requestBody?.content["application/json"].schema ?? {};
  return schema.$ref === undefined ? schema : (components.schemas[schema.$ref.replace(/^.*\//, "")] ?? expect.fail());
}

async function members(): Promise<Member[]> {
  const api = await document();
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const parameters = (operation.parameters ?? []).map(({ name, in: place }) => ({ name, in: place }));
      const body = Object.keys(schemaOf(api, operation).properties ?? {}).map((name) => ({
        name,
        in: "body" as const,
      }));
      return [...parameters, ...body]
        .filter(({ name }) => naming.test(name))
        .map((member) => ({ ...member, method: method.toUpperCase(), path }));
    }),
  );
}

/** Sends a request that is valid but for what no service answers, with one value for one member. */
async function send(member: Member, value: string): Promise<number> {
  const api = await document();
  const values = (place: Member["in"]) => (member.in === place ? { [member.name]: value } : {});
  const inPath: Record<string, string> = { slug: org.slug, id: otherId, promise: `id:${otherId}`, ...values("path") };
  const path = member.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(inPath[name] ?? expect.fail(name)),
  );
  const query = new URLSearchParams(values("query")).toString();
  const schema = schemaOf(api, api.paths[member.path]?.[member.method.toLowerCase()] ?? expect.fail());
  const required = (schema.required ?? []).map((name) => [
    name,
    schema.properties?.[name]?.type === "string" ? "x" : {},
  ]);
  // Required under one of two names.
  const either = "workflowKind" in (schema.properties ?? {}) && member.name !== "kind" ? { workflowKind: "x" } : {};
  const body = JSON.stringify({ ...Object.fromEntries(required), ...either, ...values("body") });
  const answer = await harness.fetch(`${path}${query === "" ? "" : `?${query}`}`, {
    method: member.method,
    ...(member.method === "GET" ? {} : { body, headers: { "content-type": "application/json" } }),
  });
  return answer.status;
}

const valuesOf = ({ name }: Member): { secret: string[]; other: string } => {
  if (name === "promise")
    return { secret: [`id:${secretId}`, `id:${secretId.toUpperCase()}`], other: `key:${secretId}` };
  if (name !== "id") return { secret: ["secret"], other: "other" };
  return { secret: [secretId, secretId.toUpperCase()], other: otherId };
};

describe("every member of a request that names a kind, a queue or an id", () => {
  it("counts for policies, or there is a reason", async () => {
    const found = await members();
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["id", "promise", "kind", "workflowKind", "queue"]),
    );
    for (const member of found) {
      const at = `${member.method} ${member.path} ${member.in} ${member.name}`;
      if (silent[member.name] !== undefined) continue;
      const { secret, other } = valuesOf(member);
      for (const value of secret) expect([at, value, await send(member, value)]).toEqual([at, value, 403]);
      const usual = await send(member, other);
      expect([at, usual, usual !== 403 && usual !== 400 && usual !== 401]).toEqual([at, usual, true]);
    }
  });

  it("counts in each form of an execution id that the route takes", async () => {
    const ofExecutions = (await members()).filter(({ name, path }) => name === "id" && path.includes("executions"));
    expect(ofExecutions.length).toBeGreaterThan(15);
    for (const member of ofExecutions) {
      expect([member.path, await send(member, formatExecutionId(secretId, 3))]).toEqual([member.path, 403]);
    }
  });

  it("is there for each reason", async () => {
    const names = new Set((await members()).map(({ name }) => name));
    expect(Object.keys(silent).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("a caller that policies refuse whatever the request says", () => {
  const body = "not JSON";

  it("is refused before the body is read", async () => {
    const path = `/api/orgs/${org.slug}/workflow-executions`;
    const headers = { "content-type": "application/json" };
    expect((await harness.fetch(path, { method: "POST", body, headers, key: viewerKey })).status).toBe(403);
    expect((await harness.fetch(path, { method: "POST", body, headers })).status).toBe(400);
  });
});

describe("over gRPC", () => {
  const call = async (operation: string, bytes: Uint8Array, key: string) =>
    (await callRaw(harness.client(), operation, bytes, { key })).error;

  it("commands that policies refuse are not forwarded, and the refusal names the first", async () => {
    const operation = "flovyn.v1.WorkflowDispatch/SubmitWorkflowCommands";
    const submission = (kind: string) =>
      SubmitWorkflowCommandsRequest.encode(
        SubmitWorkflowCommandsRequest.fromPartial({
          workflowExecutionId: otherId,
          commands: [{ commandData: { $case: "scheduleTask", value: { kind } } }],
        }),
      ).finish();
    expect(await call(operation, submission("secret"), userKey)).toMatchObject({
      ...{
        code: status.PERMISSION_DENIED,
        details: expect.stringContaining("commands[0]: the key does not allow scheduleTask"),
      },
    });
    expect(harness.services.of(operation)).toEqual([]);
    expect((await call(operation, submission("k"), userKey))?.code).toBe(status.UNIMPLEMENTED);
    expect(harness.services.of(operation)).toHaveLength(1);
  });

  it("a start is held to the last of its kinds, as it is carried out", async () => {
    const start = (...kinds: string[]) =>
      Buffer.concat(
        kinds.map((workflowKind) =>
          StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial({ workflowKind })).finish(),
        ),
      );
    const code = async (bytes: Uint8Array) =>
      (await call("flovyn.v1.WorkflowDispatch/StartWorkflow", bytes, userKey))?.code;
    expect(await code(start("k", "secret"))).toBe(status.PERMISSION_DENIED);
    expect(await code(start("secret", "k"))).toBe(status.UNIMPLEMENTED);
  });
});
