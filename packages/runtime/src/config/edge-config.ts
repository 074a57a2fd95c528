import { type HistoryLimits, historyLimitsDefault, historyLimitsMax, historyLimitsMin } from "@flovyn/domain";
import { z } from "zod";
import { type BudgetLimits, type BudgetName, budgetNames, budgetTable } from "./budget-table.js";
import { flag, integer } from "./values.js";

/** Calls in a second and at once; 0 does not limit. */
const rate = integer(0, 1_000_000);
const path = z.string().min(1).max(4096);

/** `[limits.budgets.<name>]`: sizes by scope. 0 turns a scope off; that of the process stays on. */
const budgetsShape = z.strictObject(
  Object.fromEntries(
    budgetNames.map((name) => {
      const scopes = Object.entries(budgetTable[name].limits).map(([scope, size]) => {
        return [scope, integer(scope === "process" ? 1 : 0, 2 ** 40).default(size)] as const;
      });
      return [name, z.strictObject(Object.fromEntries(scopes)).prefault({})];
    }),
  ),
);

/** `[limits]`: how much callers may ask of one gateway. Source: docs/configuration.md, docs/limits.md. */
export const limitsShape = z.strictObject({
  org_requests_per_second: rate.default(10_000),
  org_burst: rate.default(0),
  principal_requests_per_second: rate.default(0),
  principal_burst: rate.default(0),
  /** Wrong credentials from one address in a minute, on average. */
  failures_per_minute: rate.default(600),
  tiers: z
    .record(z.string().min(1).max(50), z.strictObject({ org_requests_per_second: rate, org_burst: rate.default(0) }))
    .default({}),
  /** The most that one org, or one address, takes of a budget while it is alone; less while others take of it, too. */
  share_percent: integer(1, 99).default(50),
  /** Calls that run at the services at the same time: of an org that is alone, and of all orgs together that are not. */
  service_calls: integer(1, 100_000).default(256),
  service_calls_shared: integer(1, 100_000).default(32),
  budgets: budgetsShape.prefault({}),
  /** Of the history of one run of a workflow. */
  history_events: integer(historyLimitsMin.events, historyLimitsMax.events).default(historyLimitsDefault.events),
  history_bytes: integer(historyLimitsMin.bytes, historyLimitsMax.bytes).default(historyLimitsDefault.bytes),
});

export interface RateConfig {
  requestsPerSecond: number;
  burst: number;
}

export interface LimitsConfig {
  org: RateConfig;
  /** Of orgs of a tier, in place of the one above. */
  tiers: Readonly<Record<string, RateConfig>>;
  principal: RateConfig;
  failuresPerMinute: number;
  sharePercent: number;
  serviceCalls: { alone: number; shared: number };
  budgets: Readonly<Record<BudgetName, BudgetLimits>>;
  history: HistoryLimits;
}

export function toLimitsConfig(limits: z.infer<typeof limitsShape>): LimitsConfig {
  return {
    org: toRate(limits.org_requests_per_second, limits.org_burst),
    tiers: Object.fromEntries(
      Object.entries(limits.tiers).map(([tier, one]) => [tier, toRate(one.org_requests_per_second, one.org_burst)]),
    ),
    principal: toRate(limits.principal_requests_per_second, limits.principal_burst),
    failuresPerMinute: limits.failures_per_minute,
    sharePercent: limits.share_percent,
    serviceCalls: { alone: limits.service_calls, shared: limits.service_calls_shared },
    budgets: limits.budgets as Record<BudgetName, BudgetLimits>,
    history: { events: limits.history_events, bytes: limits.history_bytes },
  };
}

/** Without a burst of its own, what two seconds allow. */
export function toRate(requestsPerSecond: number, burst: number): RateConfig {
  return { requestsPerSecond, burst: burst === 0 ? requestsPerSecond * 2 : burst };
}

/** `[cors]`: pages of other origins that may call the HTTP door. */
export const corsShape = z.strictObject({
  origins: z
    .array(
      z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
        error: "must be an origin such as https://app.example.com, without a path",
      }),
    )
    .max(100)
    .default([]),
  max_age_seconds: integer(0, 86_400).default(600),
});

export interface CorsConfig {
  origins: readonly string[];
  maxAgeSeconds: number;
}

const door = {
  cert_file: path.optional(),
  key_file: path.optional(),
  /** Authorities whose clients are let in. */
  client_ca_file: path.optional(),
  client_auth: z.enum(["none", "require"]).optional(),
};

/** `[tls]`: certificates of both doors, `[tls.http]` and `[tls.grpc]` those of one. */
export const tlsShape = z.strictObject({
  ...door,
  http: z.strictObject({ ...door, enabled: flag.default(true) }).prefault({}),
  grpc: z.strictObject({ ...door, enabled: flag.default(true) }).prefault({}),
});

export interface DoorTls {
  certFile: string;
  keyFile: string;
  clientCaFile: string | undefined;
  /** Whether nobody comes in without a certificate of these authorities. */
  clientAuth: "none" | "require";
}

export interface TlsConfig {
  http: DoorTls | undefined;
  grpc: DoorTls | undefined;
}

type Tls = z.infer<typeof tlsShape>;

export function toTlsConfig(tls: Tls): TlsConfig {
  return { http: toDoor(tls, tls.http), grpc: toDoor(tls, tls.grpc) };
}

function toDoor(shared: Tls, own: Tls["http"]): DoorTls | undefined {
  const certFile = own.cert_file ?? shared.cert_file;
  const keyFile = own.key_file ?? shared.key_file;
  const clientCaFile = own.client_ca_file ?? shared.client_ca_file;
  if (!own.enabled || certFile === undefined || keyFile === undefined) return undefined;
  return {
    certFile,
    keyFile,
    clientCaFile,
    // Whoever names authorities wants their clients and nobody else.
    clientAuth: own.client_auth ?? shared.client_auth ?? (clientCaFile === undefined ? "none" : "require"),
  };
}

/** `[nats]` beside its address: who connects, and how the broker proves itself. */
export const natsAccessShape = {
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  token: z.string().min(1).optional(),
  creds_file: path.optional(),
  tls: z.strictObject({ ca_file: path.optional(), cert_file: path.optional(), key_file: path.optional() }).optional(),
};
