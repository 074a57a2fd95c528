import type { Caller } from "@flovyn/bus";
import { ConfigError, type ConfigSource, type EndpointConfig, type FlovynConfig, loadConfig } from "@flovyn/runtime";

/** Reads what the gateway is told from outside. Errors: ConfigError listing every problem. */
export function loadGatewayConfig(source: ConfigSource = {}): FlovynConfig {
  const config = loadConfig(source);
  anonymousCaller(config);
  return config;
}

/**
 * Who callers without a key are; undefined when they are refused, which is the rule. The org that a request names cannot be
 * trusted without a key, so an open gateway serves one org. Errors: ConfigError.
 */
export function anonymousCaller({ auth, orgs }: FlovynConfig): Caller | undefined {
  if (auth.enabled) return undefined;
  const [org] = orgs;
  if (org === undefined || orgs.length > 1) {
    throw new ConfigError([`auth.enabled: may be false only with exactly one org, there are ${orgs.length}`]);
  }
  return { orgId: org.id, principalType: "User", principalId: "flovyn:anonymous", role: "OWNER" };
}

/** Whether a path is served without a key. Paths may end in `*`. An empty list stands for the usual ones. */
export function isExcluded({ excludePaths }: EndpointConfig, path: string): boolean {
  if (excludePaths.length === 0) return true;
  return excludePaths.some((pattern) =>
    pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
}
