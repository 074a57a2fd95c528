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

/** Whether a process takes work, with its checks. */
export interface Readiness {
  status: HealthStatus | "DOWN";
  checks: CheckResult[];
}

/** Runs the checks of a process that is up. */
export async function readinessOf(health: Health): Promise<Readiness> {
  const checks = health.status() === "UP" ? await health.run() : [];
  // Asked again: the process may have begun to stop while the checks ran.
  const status = health.status() === "UP" && checks.some((check) => !check.ok) ? "DOWN" : health.status();
  return { status, checks };
}
