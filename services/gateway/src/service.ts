import { ActiveOrgs, type Service, type ServiceContext } from "@flovyn/runtime";
import { AuditLog } from "./audit/audit-log.js";
import { createAuditSender } from "./audit/audit-sender.js";
import { Auditor, toCallError } from "./audit/auditor.js";
import { createAuthenticationStack } from "./auth/authentication-stack.js";
import { HeldCalls } from "./auth/held-calls.js";
import { createJwtAuthenticator } from "./auth/jwt.js";
import { PromiseTokens } from "./auth/promise-tokens.js";
import { createStaticKeys } from "./auth/static-keys.js";
import { WorkerTokens } from "./auth/worker-tokens.js";
import { createAuthorize } from "./authorization/authorize.js";
import { PolicyWatch } from "./authorization/policy-watch.js";
import { createBudgets } from "./budgets/budgets.js";
import { createFairBus } from "./budgets/fair-bus.js";
import { HandlingTurns } from "./budgets/handling-turns.js";
import { ServiceTurns } from "./budgets/service-turns.js";
import { anonymousCaller, isExcluded } from "./config.js";
import { ConnectionLimit } from "./connections/connection-limit.js";
import { Doors } from "./doors.js";
import { Admission } from "./grpc/admission.js";
import type { GrpcContext } from "./grpc/grpc-context.js";
import { GrpcServer } from "./grpc/grpc-server.js";
import { createStatusEdge } from "./grpc/status.js";
import { HintChannels } from "./hints/hint-channels.js";
import { createHttpApp } from "./http/app.js";
import { OrgSlugs } from "./http/org-slugs.js";
import type { RouteAccess } from "./http/route-table.js";
import { LiveStreams } from "./live/live-streams.js";
import { createGatewayMetrics } from "./metrics.js";
import { HistoryReads } from "./presence/history-reads.js";
import { Presence } from "./presence/presence.js";
import { CallLimits } from "./rate/call-limits.js";
import { OrgRates } from "./rate/org-rates.js";
import { EndedHints } from "./results/ended-hints.js";
import { DeadlineWheel } from "./work/deadline-wheel.js";
import { WorkLines } from "./work/work-lines.js";
import { WorkerKindsCache } from "./work/worker-kinds.js";

export interface GatewayService extends Service {
  /** The ports that were bound; 0 before `start`. They differ from the configured ones when those are 0. */
  readonly ports: { grpc: number; http: number };
  /** Every route of the HTTP door with what policies call it. */
  readonly httpRoutes: readonly RouteAccess[];
}

/** The public door: gRPC and HTTP. Errors of `start`: Unavailable naming a port that is taken, ConfigError. */
export function createGatewayService(context: ServiceContext): GatewayService {
  const { config, health, log } = context;
  const now = () => performance.now();
  const activeOrgs = new ActiveOrgs(now);
  const turns = new ServiceTurns({ ...config.limits.serviceCalls, orgs: activeOrgs, now });
  const handling = new HandlingTurns(activeOrgs);
  const bus = createFairBus(context.bus, turns, now);
  const wallClock = () => context.clock.now();
  const anonymous = anonymousCaller(config);
  if (anonymous !== undefined) {
    log.warn({ orgId: anonymous.orgId }, "authentication is off: every caller acts as an owner of this org");
  }
  const { jwt, staticApiKey, endpoints, workerToken, cedar } = config.auth;
  const metrics = createGatewayMetrics(context.metrics);
  const budgets = createBudgets({ config: config.limits, refused: metrics.budgetRefused });
  const wheel = new DeadlineWheel(now);
  const hints = new HintChannels({ bus, log });
  const slugs = new OrgSlugs({ bus, now });
  if (jwt?.skipVerification === true) {
    log.error({}, "auth.jwt.skip_verification is on: whoever writes a token is believed, for tests alone");
  }
  const held = new HeldCalls({
    now: wallClock,
    budgets: { streams: budgets.held_streams, polls: budgets.held_polls },
    denied: (call, why) => auditor.ended(call, toCallError(why)),
    log,
  });
  const workerTokens = new WorkerTokens({
    ...{ secrets: workerToken.secrets, bus, hints, held, log, checks: budgets.key_checks },
    now: wallClock,
  });
  const policies = new PolicyWatch({ paths: cedar.policies, mode: cedar.mode, log });
  policies.onChange(() => void held.recheck());
  const authorize = createAuthorize(policies);
  const auditLog = new AuditLog({
    send: createAuditSender(bus),
    now: wallClock,
    log,
    count: (what) => metrics.auditEntry(what),
  });
  const auditor = new Auditor(auditLog, config.audit.level);
  const authentication = createAuthenticationStack({
    ...{ endpoints, anonymous, log },
    factories: {
      static_api_key: () => createStaticKeys(staticApiKey.keys),
      worker_token: () => (workerToken.secrets.length > 0 ? workerTokens : undefined),
      jwt: () =>
        jwt &&
        createJwtAuthenticator({
          ...{ config: jwt, log, now: wallClock, checks: budgets.key_checks },
          findOrg: (idOrSlug) => slugs.findAny(idOrSlug),
          onCaller: (caller, expiresAtMs) => held.mayEnd(caller, expiresAtMs),
        }),
    },
    // Worker tokens are for workers, who speak gRPC.
    usual: { http: ["static_api_key", "jwt"], grpc: ["static_api_key", "worker_token", "jwt"] },
  });
  const orgRates = new OrgRates({ tiers: config.limits.tiers, find: (orgId) => slugs.facts(orgId), now });
  const limits = new CallLimits({
    config: config.limits,
    orgRate: orgRates.of,
    now,
    count: (by) => metrics.limited(by),
  });
  if (authentication.problems.length > 0) {
    health.add("authentication", async () => "authentication is misconfigured, the log says how");
  }
  const lines = new WorkLines({ bus, hints, wheel, log, now, budgets });
  const presence = new Presence({ bus, log, now, eachWaiting: (visit) => lines.eachWaiting(visit) });
  const connections = {
    grpc: new ConnectionLimit(budgets.connections),
    http: new ConnectionLimit(budgets.connections),
  };
  const grpcContext: GrpcContext = {
    bus,
    log,
    now,
    admission: new Admission({
      authenticate: limits.around(authentication.grpc),
      charge: (caller, bytes) => limits.charge(caller, bytes),
    }),
    authorize,
    auditor,
    held,
    budgets,
    handling,
    statusEdge: createStatusEdge(log),
    metrics,
    wheel,
    hints,
    lines,
    presence,
    historyReads: new HistoryReads(now),
    workerKinds: new WorkerKindsCache({ bus, now, budget: budgets.kinds_bytes }),
    ended: new EndedHints({ hints, wheel, log, now }),
  };
  const grpc = new GrpcServer({ context: grpcContext, connections: connections.grpc });
  const live = new LiveStreams({ hints, wheel, now, log, metrics, held, buffer: budgets.stream_buffer_bytes });
  const needsKey = (path: string) => config.auth.enabled && !isExcluded(config.auth.endpoints.http, path);
  const app = createHttpApp(
    {
      bus,
      log,
      authenticate: limits.around(authentication.http),
      authorize,
      limits,
      budgets,
      handling,
      auditor,
      workerTokenSecrets: workerToken.secrets,
      promiseTokens: new PromiseTokens({ secrets: config.auth.promiseToken.secrets, now: wallClock }),
      metrics,
      cors: config.cors,
      allowedHosts: config.auth.enabled ? undefined : config.auth.allowedHosts,
      tls: config.tls.http !== undefined,
      live,
      needsKey,
      slugs,
    },
    context,
  );
  const doors = new Doors({ app, grpc, connections: connections.http, config, log });

  metrics.observeBudgets(Object.values(budgets));
  metrics.observe("flovyn_gateway_waiting_calls", "Calls that wait for their turn at a service.", () => turns.waiting);
  metrics.observe("flovyn_gateway_parked_polls", "Polls that wait for work.", () => lines.parked);
  metrics.observe("flovyn_gateway_work_lines", "Queues that are polled, with their kinds.", () => lines.size);
  metrics.observe("flovyn_gateway_worker_tokens", "Worker tokens that are known.", () => workerTokens.size);
  metrics.observe("flovyn_gateway_policy_version", "Counts up when policies changed.", () => policies.version);
  metrics.observe("flovyn_gateway_streams", "Open streams and held result calls.", () => grpc.streams);
  metrics.observe("flovyn_gateway_grpc_connections", "Open connections of the gRPC door.", () => connections.grpc.size);
  metrics.observe("flovyn_gateway_http_connections", "Open connections of the HTTP door.", () => connections.http.size);
  metrics.observe("flovyn_gateway_live_streams", "Open live streams over HTTP.", () => live.size);

  const ports = { grpc: 0, http: 0 };
  let stopping: Promise<void> | undefined;

  async function start(): Promise<void> {
    await policies.start();
    workerTokens.start();
    auditLog.start();
    lines.start();
    presence.start();
    Object.assign(ports, await doors.start());
    log.info({ grpcPort: ports.grpc, httpPort: ports.http }, "gateway listens");
  }

  async function stop(): Promise<void> {
    health.markStopping();
    live.drain();
    await doors.stop();
    lines.stop();
    wheel.stop();
    await presence.stop();
    await Promise.all([policies.stop(), workerTokens.stop(), auditLog.stop()]);
    await hints.stop();
    log.info({}, "gateway stopped");
  }

  return {
    ports,
    httpRoutes: app.routes,
    start,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
