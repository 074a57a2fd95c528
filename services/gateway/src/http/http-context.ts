import type { ActionName, ResourceFacts } from "@flovyn/authz";
import type { Bus, Caller } from "@flovyn/bus";
import type { CorsConfig, Logger, NamedSecret } from "@flovyn/runtime";
import type { Auditor, CallError } from "../audit/auditor.js";
import type { Authenticate } from "../auth/authenticate.js";
import type { PromiseTokens } from "../auth/promise-tokens.js";
import type { Authorize } from "../authorization/authorize.js";
import type { Budgets } from "../budgets/budgets.js";
import type { HandlingTurns } from "../budgets/handling-turns.js";
import type { LiveStreams } from "../live/live-streams.js";
import type { GatewayMetrics } from "../metrics.js";
import type { CallLimits } from "../rate/call-limits.js";
import type { OrgSlugs } from "./org-slugs.js";

/** What the routes of the HTTP door work with. */
export interface HttpContext {
  bus: Bus;
  log: Logger;
  authenticate: Authenticate;
  authorize: Authorize;
  limits: CallLimits;
  budgets: Budgets;
  handling: HandlingTurns;
  auditor: Auditor;
  promiseTokens: PromiseTokens;
  /** The first one makes worker tokens; none turns them off. */
  workerTokenSecrets: readonly NamedSecret[];
  slugs: OrgSlugs;
  metrics: GatewayMetrics;
  cors: CorsConfig;
  /** Names of this server beside those of this machine; set where callers need no credential, undefined elsewhere. */
  allowedHosts: readonly string[] | undefined;
  /** Whether the door speaks TLS. */
  tls: boolean;
  live: LiveStreams;
  /** Whether a path that is open to everybody by default needs a key by the configuration. */
  needsKey: (path: string) => boolean;
}

/** What the middleware leaves for the routes. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    /** Who called, as the credential says. Set where a route is not open to everybody. */
    principal: Caller;
    /** The same for services. Below /api/orgs/{slug} the org is that of the slug, which for all but operators is their own. */
    caller: Caller;
    /** What the route is called by policies, once it is known. */
    action: ActionName;
    /** What the request says to policies, for a route whose requests say something. Set once it was let in. */
    facts: () => ResourceFacts;
    /** What a request made, where the path does not name it. */
    madeId: string;
    /** The org of the slug where it is not that of the caller. */
    foreignOrgId: string;
    /** What the request failed with. */
    failure: NonNullable<CallError>;
  };
}
