/**
 * The attacker, a process of its own: attacks once as its job says, reports, and ends. It gives way to the other processes,
 * because in truth it has a machine of its own.
 */
import { once } from "node:events";
import { setPriority } from "node:os";
import { FlovynClient } from "@flovyn/e2e";
import type { Foothold } from "../surface/foothold.js";
import type { AttackedRoute } from "../surface/route-surface.js";
import { rpcSurface } from "../surface/rpc-surface.js";
import type { AttackCall } from "./attack-call.js";
import type { CallBounds } from "./ended.js";
import { type AttackName, attackKinds } from "./kinds/index.js";
import { runAttack } from "./run-attack.js";
import { GrpcSender } from "./send/grpc-sender.js";
import { HttpSender } from "./send/http-sender.js";

export interface AttackJob {
  name: AttackName;
  grpcAddresses: readonly string[];
  httpUrls: readonly string[];
  routes: readonly AttackedRoute[];
  foothold: Foothold;
  ms: number;
  seed: number;
}

/** A third of the share of a process of the server. */
const priority = 5;

process.on("disconnect", () => process.exit());
setPriority(priority);
const [job] = (await once(process, "message")) as [AttackJob];
process.send?.({ result: await attack(job) }, () => process.exit());

async function attack({ name, grpcAddresses, httpUrls, routes, foothold, ms, seed }: AttackJob) {
  const kind = attackKinds.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`there is no attack by ${name}`);
  const keys = { user: foothold.userKey, worker: foothold.workerKey };
  const grpc = new GrpcSender({ addresses: grpcAddresses, keys });
  const http = new HttpSender({ httpUrls, grpcAddresses, keys });
  const client = new FlovynClient({
    address: grpcAddresses[0] ?? "",
    token: foothold.workerKey,
    orgId: foothold.orgId,
  });
  const send = (call: AttackCall, bounds: CallBounds) => {
    if (call.transport === "grpc") return grpc.send(call, bounds);
    return call.transport === "http" ? http.send(call, bounds) : http.connect(call, bounds);
  };
  const scene = { rpcs: rpcSurface(), routes, foothold, client };
  const result = await runAttack({ kind, scene, send, ms, seed });
  grpc.close();
  http.close();
  client.close();
  return result;
}
