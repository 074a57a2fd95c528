import type { BudgetName, BudgetScope, Metrics } from "@flovyn/runtime";
import { Counter, Gauge, Histogram } from "prom-client";
import type { Budget } from "./budgets/budget.js";
import type { StreamEnd } from "./live/event-stream.js";
import type { StreamType } from "./live/live-event.js";

/** Counts the calls of one RPC. */
export interface RpcMeter {
  /** `code` is the name of the gRPC status; `startedMs` comes from performance.now(). */
  ended(code: string, startedMs: number): void;
}

export interface GatewayMetrics {
  rpc(name: string): RpcMeter;
  httpEnded(labels: { route: string; method: string; status: number }, startedMs: number): void;
  /** One event for one live stream. */
  liveEvent(type: StreamType): void;
  liveStreamEnded(why: StreamEnd): void;
  auditEntry(what: "recorded" | "lost"): void;
  /** A call was refused because there were too many. */
  limited(by: "org" | "principal" | "failures"): void;
  /** A caller wanted more of a budget than there was for it. */
  budgetRefused(budget: BudgetName, scope: BudgetScope): void;
  /** What is taken of each budget is read when it is scraped. */
  observeBudgets(budgets: readonly Budget[]): void;
  /** A figure that is read when it is scraped. */
  observe: Metrics["observe"];
}

/** From a tenth of what a forwarded call takes up to the longest poll. */
const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createGatewayMetrics({ registry, observe }: Metrics): GatewayMetrics {
  const registers = [registry];
  const calls = new Counter({
    name: "flovyn_gateway_calls_total",
    help: "gRPC calls that ended.",
    labelNames: ["rpc", "code"],
    registers,
  });
  const callSeconds = new Histogram({
    name: "flovyn_gateway_call_seconds",
    help: "Time from the last byte of a gRPC request, or from its head where that was refused, to the answer; polls include their wait.",
    labelNames: ["rpc"],
    buckets: secondsBuckets,
    registers,
  });
  const requests = new Counter({
    name: "flovyn_gateway_http_requests_total",
    help: "HTTP requests that were answered.",
    labelNames: ["route", "method", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "flovyn_gateway_http_request_seconds",
    help: "Time from the head of an HTTP request to its answer.",
    labelNames: ["route"],
    buckets: secondsBuckets,
    registers,
  });
  const liveEvents = new Counter({
    name: "flovyn_gateway_live_events_total",
    help: "Events for live streams, once for each stream.",
    labelNames: ["type"],
    registers,
  });
  const liveEnds = new Counter({
    name: "flovyn_gateway_live_streams_ended_total",
    help: "Live streams that ended, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const auditEntries = new Counter({
    name: "flovyn_gateway_audit_entries_total",
    help: "Audit entries by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  const limited = new Counter({
    name: "flovyn_gateway_limited_total",
    help: "Calls refused because there were too many, by whose.",
    labelNames: ["by"],
    registers,
  });
  const budgetRefusals = new Counter({
    name: "flovyn_gateway_budget_refused_total",
    help: "Calls and connections refused because a budget was used up, by whose part of it.",
    labelNames: ["budget", "scope"],
    registers,
  });
  return {
    budgetRefused: (budget, scope) => budgetRefusals.inc({ budget, scope }),
    observeBudgets: (budgets) => {
      const gauge = (name: string, help: string, read: (budget: Budget) => number) =>
        new Gauge({
          ...{ name, help, labelNames: ["budget"], registers },
          collect() {
            for (const budget of budgets) this.set({ budget: budget.name }, read(budget));
          },
        });
      gauge("flovyn_gateway_budget_used", "What callers have taken of a budget.", (budget) => budget.used);
      gauge("flovyn_gateway_budget_limit", "The size of a budget.", (budget) => budget.limits.process);
      gauge(
        "flovyn_gateway_budget_largest_share",
        "What the org or address with the most has taken of a budget.",
        (budget) => budget.usedByLargest,
      );
    },
    limited: (by) => limited.inc({ by }),
    auditEntry: (what) => auditEntries.inc({ outcome: what }),
    rpc(name) {
      const seconds = callSeconds.labels(name);
      const byCode = new Map<string, Counter.Internal>();
      return {
        ended(code, startedMs) {
          let counter = byCode.get(code);
          if (counter === undefined) {
            counter = calls.labels(name, code);
            byCode.set(code, counter);
          }
          counter.inc();
          seconds.observe((performance.now() - startedMs) / 1000);
        },
      };
    },
    httpEnded({ route, method, status }, startedMs) {
      requests.inc({ route, method, status });
      requestSeconds.observe({ route }, (performance.now() - startedMs) / 1000);
    },
    liveEvent: (type) => liveEvents.inc({ type }),
    liveStreamEnded: (reason) => liveEnds.inc({ reason }),
    observe,
  };
}
