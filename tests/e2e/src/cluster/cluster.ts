/**
 * A whole Flovyn of separate processes for one test file: its own database, its own NATS server, its own configuration with
 * two orgs, and as many replicas of each service as asked for, on free ports.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type NatsServer, startNatsServer } from "@flovyn/testing";
import { clusterToml, makeOrg, type Org } from "./orgs.js";
import { Replica, type ServiceName } from "./replica.js";

const LOG_LINES_SHOWN = 60;
const PATIENT_SILENCE_MS = 20_000;

export interface ClusterOptions {
  /** Replicas of each service; a service that is not named does not run. */
  replicas: Partial<Record<ServiceName, number>>;
  /** A migrated or empty database to use instead of a new one of the shared test server; the caller drops it. */
  databaseUrl?: string;
  /**
   * How long a replica may say nothing before calls to it fail. 20 s unless told, since a busy machine stalls processes for
   * seconds; tests that kill replicas take the default of the server.
   */
  silenceMs?: number;
  /** The configuration, where it shall be another than that of the harnesses of existing clients. */
  toml?: (orgs: readonly [Org, Org]) => string;
  /** Environment of the replicas, over that of all clusters. */
  env?: Record<string, string>;
}

export interface Cluster {
  /** The org that tests work in. */
  org: Org;
  /** An org whose keys must open nothing of the first. */
  otherOrg: Org;
  nats: NatsServer;
  databaseUrl: string;
  replica(service: ServiceName, index: number): Replica;
  replicas(service: ServiceName): readonly Replica[];
  /** What the processes printed last. */
  output(): string;
  stop(): Promise<void>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const orgs = [makeOrg("main"), makeOrg("other")] as const;
    const directory = mkdtempSync(join(tmpdir(), "flovyn-e2e-"));
    undo.push(async () => rmSync(directory, { recursive: true, force: true }));
    const configFile = join(directory, "config.toml");
    writeFileSync(configFile, (options.toml ?? clusterToml)(orgs));
    const nats = await startNatsServer();
    undo.push(() => nats.stop());
    let databaseUrl = options.databaseUrl;
    if (databaseUrl === undefined) {
      const database = await createTestDatabase();
      undo.push(() => database.drop());
      databaseUrl = database.url;
    }
    const env = {
      CONFIG_FILE: configFile,
      DATABASE_URL: databaseUrl,
      NATS__ENABLED: "true",
      NATS__URL: nats.url,
      // A broker that NATS_URL names is shared with the clusters of other test files.
      NATS__NAMESPACE: randomUUID(),
      NATS__SILENCE_MS: String(options.silenceMs ?? PATIENT_SILENCE_MS),
      // The older name would win over the one above.
      NATS_URL: undefined,
      LOG_LEVEL: "info",
      NODE_OPTIONS: undefined,
      ...options.env,
    };
    const byService = new Map<ServiceName, Replica[]>();
    for (const [service, count] of Object.entries(options.replicas) as [ServiceName, number][]) {
      byService.set(
        service,
        Array.from({ length: count }, (_, index) => new Replica({ service, index, env })),
      );
    }
    const all = [...byService.values()].flat();
    undo.push(async () => {
      const ends = await Promise.allSettled(all.filter((replica) => replica.running).map((replica) => replica.stop()));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) throw failed.reason;
    });
    await Promise.all(all.map((replica) => replica.start()));
    const replicas = (service: ServiceName) => byService.get(service) ?? [];
    return {
      org: orgs[0],
      otherOrg: orgs[1],
      nats,
      databaseUrl,
      replicas,
      replica(service, index) {
        const found = replicas(service)[index];
        if (found === undefined) throw new Error(`the cluster has no ${service}-${index}`);
        return found;
      },
      output: () => all.flatMap((replica) => replica.output(LOG_LINES_SHOWN)).join("\n"),
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
