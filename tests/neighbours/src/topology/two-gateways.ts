import { startCluster } from "@flovyn/e2e";
import { heapMebibytes, type StartTopology } from "./topology.js";

const services = ["gateway", "dispatch", "tasks", "timers", "promises"] as const;

/** A process for each service, two for the gateway, over a broker. */
export const startTwoGateways: StartTopology = async () => {
  const cluster = await startCluster({
    replicas: { gateway: 2, dispatch: 1, tasks: 1, timers: 1, promises: 1 },
    env: { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` },
  });
  const gateways = cluster.replicas("gateway");
  const replicas = services.flatMap((service) => cluster.replicas(service));
  return {
    attacker: cluster.org,
    neighbour: cluster.otherOrg,
    grpcAddresses: gateways.map(({ grpcAddress }) => grpcAddress),
    httpUrls: gateways.map(({ httpUrl }) => httpUrl),
    processes: replicas.map((replica) => ({ name: replica.name, pid: replica.pid, running: () => replica.running })),
    output: () => cluster.output(),
    stop: () => cluster.stop(),
  };
};
