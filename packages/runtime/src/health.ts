import { Hono } from "hono";
import type { Metrics } from "./metrics.js";

/** Resolves when the part works; rejects, or resolves with a reason for everybody to read, when it does not. */
export type HealthCheck = () => Promise<string | undefined>;

const checkTimeoutMs = 5_000;

export interface CheckResult {
  name: string;
  ok: boolean;
  reason?: string;
}

export type HealthStatus = "STARTING" | "UP" | "STOPPING";

/** What a process knows of its own fitness. */
export interface Health {
  /** A check of the same name replaces the one before. */
  add(name: string, check: HealthCheck): void;
  /** Everything is started: readiness may be answered. */
  markStarted(): void;
  /** The process is about to stop: never ready again. */
  markStopping(): void;
  started(): boolean;
  stopping(): boolean;
  status(): HealthStatus;
  /**
   * Runs all checks, each for at most 5 s. Askers of one moment share a run, and a check that hangs is not started a second
   * time: probes cannot pile up work.
   */
  run(): Promise<CheckResult[]>;
}

export function createHealth(): Health {
  const checks = new Map<string, () => Promise<CheckResult>>();
  let started = false;
  let stopping = false;
  let sharedRun: Promise<CheckResult[]> | undefined;
  return {
    add: (name, check) => checks.set(name, boundCheck(name, check)),
    markStarted: () => {
      started = true;
    },
    markStopping: () => {
      stopping = true;
    },
    started: () => started,
    stopping: () => stopping,
    status: () => (stopping ? "STOPPING" : started ? "UP" : "STARTING"),
    run: () => {
      sharedRun ??= Promise.all([...checks.values()].map((check) => check())).finally(() => {
        sharedRun = undefined;
      });
      return sharedRun;
    },
  };
}

function boundCheck(name: string, check: HealthCheck): () => Promise<CheckResult> {
  let running: Promise<CheckResult> | undefined;
  const start = async (): Promise<CheckResult> => {
    try {
      const reason = await check();
      return reason === undefined ? { name, ok: true } : { name, ok: false, reason };
    } catch {
      // The error may hold addresses; the part that failed reports it in its own log lines.
      return { name, ok: false, reason: "failed" };
    } finally {
      running = undefined;
    }
  };
  return async () => {
    running ??= start();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CheckResult>((resolve) => {
      const reason = `no answer within ${checkTimeoutMs / 1000} s`;
      timer = setTimeout(() => resolve({ name, ok: false, reason }), checkTimeoutMs);
    });
    try {
      return await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** `/_/health`, liveness, readiness and metrics: the same on every process, without authentication. */
export function createOpsRoutes(options: { health: Health; metrics: Metrics; version: string }): Hono {
  const { health, metrics, version } = options;
  const app = new Hono();
  // The three outcomes a probe tells apart: alive at all, started once, able to take requests now.
  const live = () => Response.json({ status: "UP" });
  const ready = async (): Promise<Response> => {
    const checks = health.status() === "UP" ? await health.run() : [];
    // Asked again: the process may have begun to stop while the checks ran.
    const status = health.status() === "UP" && checks.some((check) => !check.ok) ? "DOWN" : health.status();
    return Response.json({ status, checks }, { status: status === "UP" ? 200 : 503 });
  };
  const scrape = async () =>
    new Response(await metrics.registry.metrics(), { headers: { "content-type": metrics.registry.contentType } });
  app.get("/_/health", () =>
    health.started()
      ? Response.json({ status: "UP", version })
      : Response.json({ status: "STARTING", version }, { status: 503 }),
  );
  for (const path of ["/live", "/_/health/live"]) app.get(path, live);
  for (const path of ["/ready", "/_/health/ready", "/_/health/startup"]) app.get(path, ready);
  for (const path of ["/metrics", "/_/metrics"]) app.get(path, scrape);
  return app;
}
