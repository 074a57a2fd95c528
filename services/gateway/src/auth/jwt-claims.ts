import { isReservedPrincipalId } from "@flovyn/domain";
import type { JwtConfig } from "@flovyn/runtime";
import type { JWTPayload } from "jose";
import { invalidCredentials } from "./authenticate.js";

/** What a token says of its bearer, checked. */
export interface Claims {
  principalType: "User" | "Worker";
  principalId: string;
  /** Id or slug; undefined when the token names none. */
  org: string | undefined;
  role: string;
  /** Whether a role claim says so, which counts only without an org. */
  isOperator: boolean;
  expiresAtMs: number;
}

const principalIdLengthMax = 255;
const orgLengthMax = 100;
const rolesByRank = ["OWNER", "ADMIN", "MEMBER", "VIEWER"];

/** Errors: Unauthenticated when a claim is missing or has a form that cannot be meant. */
export function readClaims(payload: JWTPayload, config: JwtConfig): Claims {
  const { sub, exp } = payload;
  if (typeof sub !== "string" || !isPrintable(sub, principalIdLengthMax)) throw invalidCredentials();
  if (isReservedPrincipalId(sub)) throw invalidCredentials();
  if (typeof exp !== "number") throw invalidCredentials();
  const org = claim(payload, config.orgClaim);
  if (org !== undefined && (typeof org !== "string" || !isPrintable(org, orgLengthMax))) throw invalidCredentials();
  return {
    principalType: principalTypeOf(payload, config),
    principalId: sub,
    org,
    role: roleOf(claim(payload, config.roleClaim), config.defaultRole),
    isOperator: rolesOf(claim(payload, config.roleClaim)).includes("OPERATOR"),
    expiresAtMs: (exp + config.clockSkewSeconds) * 1000,
  };
}

function principalTypeOf(payload: JWTPayload, config: JwtConfig): Claims["principalType"] {
  const { principalTypeClaim } = config;
  const said = principalTypeClaim === undefined ? undefined : claim(payload, principalTypeClaim);
  if (said === undefined) return config.principalType;
  if (said !== "User" && said !== "Worker") throw invalidCredentials();
  return said;
}

/** Of several roles the highest counts. One that is not known allows nothing: no policy names it. */
function roleOf(said: unknown, otherwise: string): string {
  if (said === undefined) return otherwise;
  const roles = rolesOf(said);
  return rolesByRank.find((role) => roles.includes(role)) ?? "UNKNOWN";
}

function rolesOf(said: unknown): string[] {
  return [said ?? []].flat().map((role) => String(role).toUpperCase());
}

/** A claim of exactly this name, else the value at this path. */
function claim(payload: JWTPayload, name: string): unknown {
  const own = (node: unknown, key: string) =>
    node !== null && typeof node === "object" && Object.hasOwn(node, key)
      ? (node as Record<string, unknown>)[key]
      : undefined;
  return own(payload, name) ?? name.split(".").reduce<unknown>(own, payload) ?? undefined;
}

function isPrintable(text: string, lengthMax: number): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  return text.length > 0 && text.length <= lengthMax && !/[\u0000-\u001f\u007f]/.test(text);
}
