/** Goal: policies that look at requests see what the route or RPC goes by, at both doors, and nothing that a caller adds. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatExecutionId } from "@flovyn/domain";
import { SignalWorkflowRequest, StartWorkflowRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callRaw, GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-policies-"));
const secret = "0190a5c0-0000-7000-8000-00000000000a";
let harness: GatewayHarness;

beforeAll(async () => {
  writeFileSync(
    join(folder, "own.cedar"),
    `@id("payments-only")
     forbid (principal, action in Flovyn::Action::"execute", resource)
     unless { resource has kind && resource.kind == "report" && resource has queue && resource.queue == "reports" };
     @id("secret")
     forbid (principal, action, resource == Flovyn::WorkflowExecution::"${secret}");`,
  );
  const { auth } = testConfig();
  const keys = auth.staticApiKey.keys.map(({ key, orgId, principalType, principalId, role }) => {
    return { key, org_id: orgId, principal_type: principalType, principal_id: principalId, role };
  });
  harness = await GatewayHarness.start(
    testConfig({ auth: { static_api_key: { keys }, cedar: { policies: [folder] } } }),
  );
  answerOrgs(harness.services);
});

afterAll(async () => {
  await harness.stop();
  rmSync(folder, { recursive: true });
});

const post = async (path: string, body: unknown) =>
  (
    await harness.fetch(`/api/orgs/${org.slug}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
  ).status;

const signal = { workflowId: "w", signalName: "s" };

/** The services of this test answer nothing: what was let through is 501. */
it.each([
  ["/workflow-executions", { kind: "report", queue: "reports" }, 501],
  ["/workflow-executions", { kind: "payment", queue: "reports" }, 403],
  ["/workflow-executions", { kind: "payment", workflowKind: "report", queue: "reports" }, 400],
  ["/workflow-executions?kind=report&queue=reports", { kind: "payment" }, 400],
  ["/workflow-executions?queue=reports", { kind: "report" }, 400],
  ["/workflow-executions", { kind: ["report"], queue: "reports" }, 400],
  ["/workflow-executions/signal-with-start", { ...signal, workflowKind: "report", queue: "reports" }, 501],
  ["/workflow-executions/signal-with-start", { ...signal, kind: "report", queue: "reports" }, 501],
  ["/workflow-executions/signal-with-start", { ...signal, kind: "payment", queue: "reports" }, 403],
  [
    "/workflow-executions/signal-with-start",
    { ...signal, kind: "payment", workflowKind: "report", queue: "reports" },
    400,
  ],
  [`/workflow-executions/${secret}/cancel`, {}, 403],
  [`/workflow-executions/${secret.toUpperCase()}/cancel`, {}, 403],
  [`/workflow-executions/${encodeURIComponent(formatExecutionId(secret, 3))}/cancel`, {}, 403],
  [`/workflow-executions/${secret.replace(/a$/, "b")}/cancel`, {}, 501],
])("POST %s %j is answered with %i", async (path, body, wanted) => {
  expect(await post(path, body)).toBe(wanted);
});

it("over gRPC the same holds", async () => {
  const code = async (operation: string, bytes: Uint8Array) =>
    (await callRaw(harness.client(), operation, bytes, { key: userKey })).error?.code;
  const start = (more: object) =>
    code(
      "flovyn.v1.WorkflowDispatch/StartWorkflow",
      StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial(more)).finish(),
    );
  expect(await start({ workflowKind: "report", queue: "reports" })).toBe(status.UNIMPLEMENTED);
  expect(await start({ workflowKind: "report" })).toBe(status.PERMISSION_DENIED);
  const signal = (workflowExecutionId: string) =>
    code(
      "flovyn.v1.WorkflowDispatch/SignalWorkflow",
      SignalWorkflowRequest.encode(SignalWorkflowRequest.fromPartial({ workflowExecutionId })).finish(),
    );
  for (const id of [secret, secret.toUpperCase(), formatExecutionId(secret, 3)]) {
    expect(await signal(id)).toBe(status.PERMISSION_DENIED);
  }
});
