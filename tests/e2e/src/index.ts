export { FlovynClient } from "./client/flovyn-client.js";
export { CallError, GrpcConnection } from "./client/grpc-connection.js";
export { createRestClient, type RestAnswer, type RestClient } from "./client/rest-client.js";
export { createRetry, type Retry } from "./client/retry.js";
export { type Cluster, type ClusterOptions, startCluster } from "./cluster/cluster.js";
export { type CrashablePostgres, startCrashablePostgres } from "./cluster/crashable-postgres.js";
export { scrapeOf, sumOf } from "./cluster/figures.js";
export {
  accessToml,
  clusterToml,
  makeOrg,
  type Org,
  operatorKey,
  otherWorkerKey,
  rotatedWorkerKey,
} from "./cluster/orgs.js";
export type { Replica, ServiceName } from "./cluster/replica.js";
export * from "./history.js";
export { activate, type Flow, flowCode } from "./replay/activate.js";
export { checkHistory } from "./replay/check-history.js";
export { derivedId } from "./replay/derived-ids.js";
export type { Family } from "./replay/family.js";
export { ffi, readFfi } from "./replay/ffi.js";
export { kotlin, readKotlin } from "./replay/kotlin.js";
export { napi, readNapi } from "./replay/napi.js";
export { ReplayError } from "./replay/replayed.js";
export { readRust, rust } from "./replay/rust.js";
export * from "./worker/commands.js";
export { addOne, count, fanOut } from "./worker/fan-out.js";
export { RawWorker, type RawWorkerOptions, type TaskCode, type WorkflowCode } from "./worker/raw-worker.js";
export { spawnWorker, type WorkerProcessOptions } from "./worker/spawn-worker.js";
export * from "./worker/submission.js";
