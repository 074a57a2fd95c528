import { setTimeout as pause } from "node:timers/promises";
import { FlovynClient } from "@flovyn/e2e";
import { attackFromProcess } from "../attack/attacker-process.js";
import type { AttackName } from "../attack/kinds/index.js";
import type { Observation } from "../neighbour/neighbour-job.js";
import { NeighbourProcess } from "../neighbour/neighbour-process.js";
import { type Foothold, makeFoothold } from "../surface/foothold.js";
import { type AttackedRoute, type OpenApiDocument, routeSurface } from "../surface/route-surface.js";
import type { StartTopology, Topology } from "../topology/topology.js";
import { MemoryOfServer } from "./memory-of-server.js";
import type { Outcome } from "./outcome.js";

export interface ArenaOptions {
  start: StartTopology;
  attackMs: number;
  /** Of each look at the neighbour before and after an attack. */
  idleMs: number;
  /** Chooses the order of the calls. */
  seed: number;
}

/** Work of the neighbour before the first look, so that code is warm and memory is where it stays. */
const warmUpMs = 3000;

/** A running server, the neighbour at work on it, and what the attacker has of it. */
export class Arena {
  readonly topology: Topology;
  readonly #options: ArenaOptions;
  readonly #neighbour: NeighbourProcess;
  readonly #routes: readonly AttackedRoute[];
  readonly #foothold: Foothold;
  readonly #memory: MemoryOfServer;
  #idle: Observation | undefined;

  /** Starts all of it. */
  static async open(options: ArenaOptions): Promise<Arena> {
    const topology = await options.start();
    let neighbour: NeighbourProcess | undefined;
    try {
      neighbour = startNeighbour(topology);
      const document = await (await fetch(`${topology.httpUrls[0]}/api/docs/openapi.json`)).json();
      const routes = routeSurface(document as OpenApiDocument);
      const foothold = await takeFoothold(topology);
      await pause(warmUpMs);
      return new Arena({ options, topology, neighbour, routes, foothold });
    } catch (error) {
      neighbour?.stop();
      await topology.stop();
      throw error;
    }
  }

  private constructor(parts: {
    options: ArenaOptions;
    topology: Topology;
    neighbour: NeighbourProcess;
    routes: readonly AttackedRoute[];
    foothold: Foothold;
  }) {
    this.topology = parts.topology;
    this.#options = parts.options;
    this.#neighbour = parts.neighbour;
    this.#routes = parts.routes;
    this.#foothold = parts.foothold;
    this.#memory = new MemoryOfServer(parts.topology.processes);
  }

  /** Attacks once, and looks at the neighbour before, meanwhile and afterwards. */
  async attack(name: AttackName): Promise<Outcome> {
    const before = this.#idle ?? (await this.#look());
    const watch = this.#memory.watch();
    const sinceMs = Date.now();
    const { grpcAddresses, httpUrls, processes } = this.topology;
    const { attackMs: ms, seed } = this.#options;
    const target = { grpcAddresses, httpUrls, routes: this.#routes, foothold: this.#foothold };
    const result = await attackFromProcess({ name, ms, seed, ...target });
    const untilMs = Date.now();
    const attacked = await this.#neighbour.observe(sinceMs, untilMs);
    const ended = processes.filter((process) => !process.running()).map((process) => process.name);
    // A server that has ended has no more to show.
    this.#idle = ended.length > 0 ? undefined : await this.#look();
    // Only now: what the server does for callers that have left takes memory after the attack, too.
    const memory = await watch.untilBack(untilMs);
    return { attack: name, result, idle: this.#idle ? [before, this.#idle] : [before], attacked, ended, memory };
  }

  async close(): Promise<void> {
    this.#neighbour.stop();
    await this.topology.stop();
  }

  async #look(): Promise<Observation> {
    const sinceMs = Date.now();
    await pause(this.#options.idleMs);
    return this.#neighbour.observe(sinceMs, Date.now());
  }
}

/** Its worker and its client are on two gateways, where there are two. */
function startNeighbour({ grpcAddresses, neighbour }: Topology): NeighbourProcess {
  const { id: orgId, userKey, workerKey } = neighbour;
  const [clientAddress = "", workerAddress = clientAddress] = grpcAddresses;
  return new NeighbourProcess({ clientAddress, workerAddress, orgId, userKey, workerKey });
}

async function takeFoothold({ grpcAddresses, attacker }: Topology): Promise<Foothold> {
  const client = new FlovynClient({
    address: grpcAddresses[0] ?? "",
    token: attacker.workerKey,
    orgId: attacker.id,
  });
  try {
    return await makeFoothold(client, attacker);
  } finally {
    client.close();
  }
}
