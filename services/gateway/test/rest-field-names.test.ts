/**
 * Goal: an error of a service names what is wrong as the caller of REST wrote it, whatever the field of the message is called.
 * Approach: every route of the OpenAPI document is called, every service it asks fails with each field of the message it was
 * asked with, and the name in the answer has to be one of the body, the path or the query of that route.
 */
import { invalidField } from "@flovyn/domain";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import * as internal from "@flovyn/proto/internal";
import { describe, expect, it } from "vitest";
import { describedGateway, operatorKey, type Schema } from "./described-gateway.js";
import { userKey } from "./gateway-harness.js";
import { concretePath } from "./openapi-routes.js";

/** Fields that the gateway fills in, of which callers of REST say nothing. */
const ofGateway = new Set([
  ...["org_id", "workflow_definition_id", "parent_workflow_execution_id", "worker_pool_id"],
  ...["prefix", "hash", "secret_id", "only_pending", "outcome"],
  // A task of no workflow, and a cancel without a body.
  ...["flovyn.v1.TaskExecution/SubmitTask workflow_execution_id", "internal/CancelTask reason"],
]);
/** Members of bodies that services never see under any name: the second spellings, and what the gateway does by itself. */
const ofRest = new Set(["workflowKind", "input", "error", "value", "expiresIn"]);

interface Route {
  method: string;
  path: string;
  body: Schema | undefined;
  names: ReadonlySet<string>;
}

let routes: Route[];
const harness = describedGateway(({ paths, components }) => {
  const resolved = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref === undefined ? schema : components.schemas[schema.$ref.split("/").at(-1) ?? ""];
  routes = harness.gateway.httpRoutes.map(({ method, path }) => {
    const { parameters = [], requestBody } = paths[path]?.[method.toLowerCase()] ?? {};
    const body = resolved(requestBody?.content["application/json"].schema);
    const names = new Set([...parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})]);
    return { method, path, body, names };
  });
});

interface Message {
  fromPartial(given: object): object;
}

/** What an operation is asked with. */
function messageOf(operation: string): Message {
  const rpc = [...publishedRpcs, ...extensionRpcs].find((one) => one.operation === operation);
  if (rpc !== undefined) return rpc.requestType as unknown as Message;
  const named = operation.slice(operation.indexOf("/") + 1);
  const other: Record<string, Message> = { CancelTask: internal.CancelTaskExecutionRequest };
  const found = other[named] ?? (internal as unknown as Record<string, Message>)[`${named}Request`];
  if (found === undefined) throw new Error(`no message of ${operation} is known to this test`);
  return found;
}

/** As in the .proto file. */
const fieldsOf = (operation: string) =>
  Object.keys(messageOf(operation).fromPartial({})).map((property) =>
    property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );

function send({ method, path, body }: Route): Promise<Response> {
  const { properties = {}, required = [] } = body ?? {};
  const members = { ...("workflowKind" in properties && { workflowKind: "x" }) };
  for (const name of required) Object.assign(members, { [name]: "x" });
  return harness.fetch(concretePath(path), {
    method,
    key: path.includes("{slug}") ? userKey : operatorKey,
    ...(body !== undefined && { body: JSON.stringify(members) }),
  });
}

const notOfRoutes = new Set(["internal/ResolveOrg", "internal/RecordAudit", "internal/WorkersSeen"]);

/** What the services are asked by a route when all of them fail so. */
async function failing(route: Route, error: Error) {
  const { requests } = harness.services;
  requests.length = 0;
  const operations = [...publishedRpcs, ...extensionRpcs].map(({ operation }) => operation);
  const ofServices = Object.keys(internal)
    .filter((name) => name.endsWith("Request"))
    .map((name) => `internal/${name.replace(/(Execution)?Request$/, "")}`);
  for (const operation of [...operations, ...ofServices]) {
    if (!notOfRoutes.has(operation)) harness.services.fail(operation, error);
  }
  const response = await send(route);
  const asked = requests.map(({ operation }) => operation).find((operation) => !notOfRoutes.has(operation));
  const text = await response.text();
  return { asked, status: response.status, problem: text.startsWith("{") ? JSON.parse(text) : {} };
}

describe("an error of a service about a field", () => {
  it("has the name that REST knows it by, on every route, for every field", async () => {
    const [asking, foreign, unused]: [string[], Set<string>, Set<string>] = [[], new Set(), new Set()];
    for (const route of routes) {
      const { asked } = await failing(route, invalidField("queue", "is wrong"));
      if (asked === undefined) continue;
      asking.push(`${route.method} ${route.path}`);
      const named = new Set<string>();
      for (const field of fieldsOf(asked)) {
        const { status, problem } = await failing(route, invalidField(field, "is wrong"));
        expect([route.path, field, status]).toEqual([route.path, field, 400]);
        expect(problem.detail).toBe(`${problem.field}: is wrong`);
        named.add(problem.field);
        if (!route.names.has(problem.field)) foreign.add(ofGateway.has(field) ? field : `${asked} ${field}`);
      }
      const members = Object.keys(route.body?.properties ?? {});
      for (const member of members) if (!named.has(member)) unused.add(member);
    }
    expect(asking.length).toBeGreaterThan(35);
    expect([...foreign].sort()).toEqual([...ofGateway].sort());
    expect([...unused].sort()).toEqual([...ofRest].sort());
  });
});
