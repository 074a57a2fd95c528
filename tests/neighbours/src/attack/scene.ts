import { randomUUID } from "node:crypto";
import type { FlovynClient } from "@flovyn/e2e";
import type { Foothold } from "../surface/foothold.js";
import { endsWhatItNames, plainRequest, plainText } from "../surface/plain-request.js";
import type { AttackedRoute } from "../surface/route-surface.js";
import type { AttackedRpc } from "../surface/rpc-surface.js";
import { frame } from "../wire/grpc-frame.js";
import { lengthField } from "../wire/protobuf.js";
import type { GrpcCall, HttpCall, KeyOf } from "./attack-call.js";

/** What an attack is made of: everything that can be called, and what the attacker has. */
export interface Scene {
  rpcs: readonly AttackedRpc[];
  routes: readonly AttackedRoute[];
  foothold: Foothold;
  /** For what has to be there before a call, such as a claim. */
  client: FlovynClient;
}

const whole = { ending: "ends", reading: "all" } as const;
/** Calls that users make and workers do not. */
const userServices = /^\/flovyn\.ext\.v1\./;

/** The key with which a call gets furthest. */
export function keyFor({ path }: AttackedRpc): KeyOf {
  return userServices.test(path) ? "user" : "worker";
}

/** A request that gets past the first checks. */
export function plainMessage(rpc: AttackedRpc, { foothold }: Scene, texts?: Record<string, string>): Buffer {
  // Health looks for a service of that name, reflection for files of that name; empty is every client's first question.
  if (rpc.request === undefined) return rpc.name === "ServerReflectionInfo" ? lengthField(7, "*") : Buffer.alloc(0);
  return plainRequest(rpc.request, { foothold, ends: endsWhatItNames(rpc.name), ...(texts && { texts }) });
}

/** A call that ends and reads its answer, unless `call` says otherwise. */
export function grpcCall(rpc: AttackedRpc, call: Partial<GrpcCall> & Pick<GrpcCall, "body">): GrpcCall {
  return { transport: "grpc", path: rpc.path, key: keyFor(rpc), ...whole, ...call };
}

/** The same with one message. */
export function messageCall(rpc: AttackedRpc, message: Buffer, more: Partial<GrpcCall> = {}): GrpcCall {
  return grpcCall(rpc, { body: frame(message), ...more });
}

/** A request with parameters that could be meant; those of the query and the body are the caller's matter. */
export function httpCall(route: AttackedRoute, { foothold }: Scene, more: Partial<HttpCall> = {}): HttpCall {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(pathParameter(route, name, foothold)),
  );
  return { transport: "http", method: route.method, path, key: "user", ...whole, ...more };
}

export function nameOfRoute({ method, path }: AttackedRoute): string {
  return `${method} ${path}`;
}

/** Required, under one of two names, neither of which the document can require. */
const alsoRequired = new Set(["workflowKind"]);

/** A JSON body with what is required; `texts` are JSON and come on top. */
export function plainBody(route: AttackedRoute, { foothold }: Scene, texts: Record<string, string> = {}): Buffer {
  const ends = endsWhatItNames(nameOfRoute(route));
  const members = Object.entries(route.body ?? {})
    .filter(([name, { required }]) => (required || alsoRequired.has(name)) && !(name in texts))
    .map(([name, { type }]) => [name, type === "string" ? JSON.stringify(plainText(name, { foothold, ends })) : "1"]);
  const all = [...members, ...Object.entries(texts)];
  return Buffer.from(`{${all.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`);
}

function pathParameter(route: AttackedRoute, name: string, foothold: Foothold): string {
  const ends = endsWhatItNames(nameOfRoute(route));
  if (name === "id" && route.path.includes("task-executions")) return plainText("taskExecutionId", { foothold, ends });
  if (name === "id" && route.path.includes("executions")) return plainText("workflowExecutionId", { foothold, ends });
  return name === "promise" ? `key:${randomUUID()}` : plainText(name, { foothold, ends });
}
