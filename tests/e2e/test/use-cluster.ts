import { afterAll, afterEach, beforeAll } from "vitest";
import {
  type Cluster,
  type ClusterOptions,
  createRestClient,
  FlovynClient,
  type Org,
  type RestClient,
  startCluster,
} from "../src/index.js";
import { checkHistories } from "./check-histories.js";

const START_TIMEOUT_MS = 300_000;

/** One replica of every service: enough for tests of the protocol. */
export const SMALL = { gateway: 1, dispatch: 1, tasks: 1, promises: 1, timers: 1 } as const;
/** What the server takes when nothing is configured: for tests of replicas that die. */
export const SILENCE_MS = 1_500;
/** Two of those that carry the load. */
export const REPLICATED = { gateway: 2, dispatch: 2, tasks: 2, promises: 1, timers: 1 } as const;

export interface ClusterInUse {
  readonly cluster: Cluster;
  /** A client of the gateway with that index; with the worker key of the main org unless told otherwise. */
  client(gateway?: number, options?: { org?: Org; token?: string | undefined }): FlovynClient;
  rest(gateway?: number, options?: { org?: Org; key?: string | undefined; slug?: string }): RestClient;
}

/**
 * Starts a cluster for the tests of a file, stops it after them, and shows what its processes printed when a test failed.
 * Every history that the tests made is checked before the end.
 */
export function useCluster(options: ClusterOptions | (() => Promise<ClusterOptions>)): ClusterInUse {
  let running: Cluster | undefined;
  let clients: FlovynClient[] = [];
  let anyFailed = false;
  const cluster = () => {
    if (running === undefined) throw new Error("the cluster does not run yet");
    return running;
  };
  beforeAll(async () => {
    running = await startCluster(typeof options === "function" ? await options() : options);
  }, START_TIMEOUT_MS);
  afterEach(({ task }) => {
    for (const client of clients) client.close();
    clients = [];
    if (task.result?.state !== "fail") return;
    anyFailed = true;
    process.stderr.write(`${running?.output()}\n`);
  });
  afterAll(async () => {
    try {
      if (running !== undefined && !anyFailed) await checkHistories(running);
    } catch (error) {
      process.stderr.write(`${running?.output()}\n`);
      throw error;
    } finally {
      await running?.stop();
    }
  }, START_TIMEOUT_MS);
  return {
    get cluster() {
      return cluster();
    },
    client(gateway = 0, { org = cluster().org, ...given } = {}) {
      const token = "token" in given ? given.token : org.workerKey;
      const address = cluster().replica("gateway", gateway).grpcAddress;
      const client = new FlovynClient({ address, token, orgId: org.id });
      clients.push(client);
      return client;
    },
    rest(gateway = 0, { org = cluster().org, ...given } = {}) {
      const key = "key" in given ? given.key : org.userKey;
      const { httpUrl } = cluster().replica("gateway", gateway);
      return createRestClient({ httpUrl, slug: given.slug ?? org.slug, key });
    },
  };
}
