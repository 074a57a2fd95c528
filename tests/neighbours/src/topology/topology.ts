import type { Org } from "@flovyn/e2e";

/** A process of the server. */
export interface ServerProcess {
  name: string;
  pid: number;
  running(): boolean;
}

/** A running server with two orgs. */
export interface Topology {
  attacker: Org;
  neighbour: Org;
  /** Of the gateways. */
  grpcAddresses: readonly string[];
  httpUrls: readonly string[];
  processes: readonly ServerProcess[];
  /** What the processes printed last. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a server that nothing was done to yet. */
export type StartTopology = () => Promise<Topology>;

/** The heap that a process of the server has, as in a small container; what grows without a limit ends it. */
export const heapMebibytes = 512;
