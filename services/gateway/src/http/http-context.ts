import type { Bus, Caller } from "@flovyn/bus";
import type { Logger } from "@flovyn/runtime";
import type { Authenticate } from "../auth/authenticate.js";
import type { PromiseTokens } from "../auth/promise-tokens.js";
import type { LiveStreams } from "../live/live-streams.js";
import type { GatewayMetrics } from "../metrics.js";
import type { OrgSlugs } from "./org-slugs.js";

/** What the routes of the HTTP door work with. */
export interface HttpContext {
  bus: Bus;
  log: Logger;
  authenticate: Authenticate;
  promiseTokens: PromiseTokens;
  slugs: OrgSlugs;
  metrics: GatewayMetrics;
  live: LiveStreams;
  /** Page and document of the API are open to everybody unless the configuration takes them out of the excluded paths. */
  docsNeedKey: { page: boolean; document: boolean };
}

/** What the middleware leaves for the routes. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    /** Set below /api/orgs/{slug}: the org of the slug is the caller's. */
    caller: Caller;
  };
}
