import type { ClientProcess } from "../load/client-process.js";
import { cpuSeconds } from "../measure/cpu.js";
import type { FiguresReader } from "../measure/database-figures.js";
import { readSnapshot, type Snapshot } from "../measure/snapshot.js";
import type { CommonOptions } from "../options.js";
import type { EchoProcess } from "../reference/echo-process.js";
import type { Topology } from "../topology/topology.js";

/** A running system with everything that loads and measures it. */
export interface Bench<Options extends CommonOptions = CommonOptions> {
  options: Options;
  say: (line: string) => void;
  topology: Topology;
  clients: ClientProcess[];
  echo: EchoProcess;
  figures: FiguresReader;
}

export function takeSnapshot({ topology, clients, figures }: Bench): Promise<Snapshot> {
  const processes = [...topology.processes, ...clients.map(({ pid }) => ({ name: "client", pid }))];
  return readSnapshot({ cpu: () => processes.map((one) => [one.name, cpuSeconds(one)]), topology, figures });
}
