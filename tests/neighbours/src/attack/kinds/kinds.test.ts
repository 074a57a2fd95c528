/** Goal: no RPC and no route is left out of an attack, also none that is added later. Approach: the targets of each kind. */

import type { FlovynClient } from "@flovyn/e2e";
import { expect, test } from "vitest";
import { type AttackedRoute, routeSurface } from "../../surface/route-surface.js";
import { rpcSurface } from "../../surface/rpc-surface.js";
import type { AttackStep } from "../attack-call.js";
import { inTurns } from "../run-attack.js";
import { nameOfRoute, type Scene } from "../scene.js";
import { type AttackName, attackKinds } from "./index.js";

const rpcs = rpcSurface();
const routes: AttackedRoute[] = routeSurface({
  paths: {
    "/api/orgs/{slug}/things": {
      post: { requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } } },
    },
    "/api/orgs/{slug}/things/{id}": {
      get: { parameters: [{ name: "limit", in: "query" }] },
    },
    "/api/orgs/{slug}/things/{id}/stream": {
      get: { responses: { 200: { content: { "text/event-stream": {} } } } },
    },
  },
  components: {
    schemas: { Thing: { required: ["name"], properties: { name: { type: "string" }, input: {} } } },
  },
});
const foothold = {
  ...{ orgId: "o", slug: "acme", userKey: "u", workerKey: "w" },
  ...{ workflowId: "w-1", longWorkflowId: "w-2", taskId: "t-1" },
};
const scene: Scene = { rpcs, routes, foothold, client: {} as FlovynClient };

function stepsOf(name: AttackName): AttackStep[] {
  return [...(attackKinds.find((kind) => kind.name === name)?.steps(scene) ?? [])];
}

function targetsOf(name: AttackName): string[] {
  return [...new Set(stepsOf(name).map(({ target }) => target))].sort();
}

const allRpcs = rpcs.map(({ path }) => path);
const allRoutes = routes.map(nameOfRoute);
const takingBodies = routes.filter(({ body }) => body).map(nameOfRoute);
const reading = routes.filter(({ method }) => method === "GET").map(nameOfRoute);
const streaming = routes.filter(({ streams }) => streams).map(nameOfRoute);
const connections = ["connection to grpc", "connection to http"];

test.each<[AttackName, readonly string[]]>([
  ["repeated fields", [...allRpcs, ...takingBodies]],
  ["big texts", [...allRpcs, ...allRoutes]],
  ["nesting", [...allRpcs, ...takingBodies]],
  ["unfinished bodies", [...allRpcs, ...allRoutes, ...connections]],
  ["readers that stop", [...allRpcs, ...reading]],
  ["many streams", [...allRpcs, ...streaming, ...connections]],
  ["a flood of calls", [...allRpcs, ...allRoutes]],
])("%s attack everything that they can", (name, targets) => {
  expect(targetsOf(name)).toEqual([...targets].sort());
});

test("many queues are named by every RPC that names one", () => {
  const naming = rpcs.filter(({ request }) => request?.fields.some((field) => field.name === "queue"));
  expect(naming.length).toBeGreaterThan(3);
  expect(targetsOf("many queues")).toEqual(naming.map(({ path }) => path).sort());
});

test("big submissions hold every type of command", () => {
  const submit = stepsOf("big submissions").filter(({ target }) => target.endsWith("/SubmitWorkflowCommands"));
  const request = rpcs.find(({ name }) => name === "SubmitWorkflowCommands")?.request;
  const commands = request?.fields.find(({ name }) => name === "commands")?.message?.oneofs[0]?.fields;
  expect(submit.length).toBe(commands?.length);
});

test("a short attack reaches every target once before it reaches one of them twice", () => {
  const steps = inTurns(stepsOf("nesting"), 1);
  expect(steps.length).toBe(stepsOf("nesting").length);
  const targets = targetsOf("nesting");
  expect(
    steps
      .slice(0, targets.length)
      .map(({ target }) => target)
      .sort(),
  ).toEqual(targets);
});
