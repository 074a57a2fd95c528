/** The neighbour, a process of its own: works from its first message on, and answers questions about it. */
import { once } from "node:events";
import { FlovynClient } from "@flovyn/e2e";
import type { NeighbourJob, NeighbourQuestion } from "./neighbour-job.js";
import { startNeighbourWorker } from "./neighbour-worker.js";
import { NeighbourClient } from "./run-workflows.js";

process.on("disconnect", () => process.exit());
const [job] = (await once(process, "message")) as [NeighbourJob];
const { orgId, userKey, workerKey } = job;
const work = new NeighbourClient(new FlovynClient({ address: job.clientAddress, token: userKey, orgId }));
const workerClient = new FlovynClient({ address: job.workerAddress, token: workerKey, orgId });
startNeighbourWorker(workerClient, (error) => work.refused(error));
process.on("message", ({ sinceMs, untilMs }: NeighbourQuestion) => {
  void work.observe(sinceMs, untilMs).then((observation) => process.send?.(observation));
});
