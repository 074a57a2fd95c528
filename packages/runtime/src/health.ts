import { Hono } from "hono";
import type { Metrics } from "./metrics.js";

/** Resolves when the part works; rejects, or resolves with a reason, when it does not. */
export type HealthCheck = () => Promise<string | undefined>;

const checkTimeoutMs = 5_000;

export interface CheckResult {
  name: string;
  ok: boolean;
  reason?: string;
}

/** What a process knows of its own fitness. */
export interface Health {
  add(name: string, check: HealthCheck): void;
  /** Everything is started: readiness may be answered. */
  markStarted(): void;
  /** The process is about to stop: never ready again. */
  markStopping(): void;
  started(): boolean;
  stopping(): boolean;
  run(): Promise<CheckResult[]>;
}

export function createHealth(): Health {
  const checks = new Map<string, HealthCheck>();
  let started = false;
  let stopping = false;
  return {
    add: (name, check) => checks.set(name, check),
    markStarted: () => {
      started = true;
    },
    markStopping: () => {
      stopping = true;
    },
    started: () => started,
    stopping: () => stopping,
    run: () => Promise.all([...checks].map(([name, check]) => runCheck(name, check))),
  };
}

async function runCheck(name: string, check: HealthCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${checkTimeoutMs / 1000} s`), checkTimeoutMs);
  });
  try {
    const reason = await Promise.race([check(), late]);
    return reason === undefined ? { name, ok: true } : { name, ok: false, reason };
  } catch {
    return { name, ok: false, reason: "failed" };
  } finally {
    clearTimeout(timer);
  }
}

/** `/_/health`, liveness, readiness and metrics: the same on every process, without authentication. */
export function createOpsRoutes(options: { health: Health; metrics: Metrics; version: string }): Hono {
  const { health, metrics, version } = options;
  const app = new Hono();
  const ready = async (): Promise<Response> => {
    const checks = health.started() && !health.stopping() ? await health.run() : [];
    const status = health.stopping() ? "STOPPING" : health.started() ? "UP" : "STARTING";
    const ok = status === "UP" && checks.every((check) => check.ok);
    return Response.json({ status: ok ? "UP" : status === "UP" ? "DOWN" : status, checks }, { status: ok ? 200 : 503 });
  };
  const live = () => Response.json({ status: "UP" });
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
