import { z } from "zod";
import { flag, integer, isHttpUrl } from "./values.js";

/** Signatures by a private key alone: with a shared secret, who can check a token could make one. */
export const jwtAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

const audiencesMax = 10;
const claimPath = z
  .string()
  .regex(/^[^.\s]{1,100}(\.[^.\s]{1,100}){0,4}$/, "must be the name of a claim, with dots between levels");
const webAddress = z.string().refine(isHttpUrl, { error: "must look like https://host/path" });

/** `[auth.jwt]`: tokens of an identity provider. Source: docs/configuration.md. */
export const jwtShape = z.strictObject({
  issuer: z.string().min(1).max(2000).optional(),
  audience: z
    .union(
      [
        z
          .string()
          .min(1)
          .transform((one) => [one]),
        z.array(z.string().min(1)).min(1).max(audiencesMax),
      ],
      `must be text, or a list of 1 to ${audiencesMax} texts`,
    )
    .optional(),
  jwks_uri: webAddress.optional(),
  /** The keys themselves, a JSON Web Key Set as text, for providers that are out of reach. */
  jwks: z.string().min(1).optional(),
  algorithms: z.array(z.enum(jwtAlgorithms)).min(1).default(["RS256", "ES256", "EdDSA"]),
  clock_skew_seconds: integer(0, 300).default(60),
  org_claim: claimPath.default("org_id"),
  role_claim: claimPath.default("role"),
  default_role: z.enum(["OWNER", "ADMIN", "MEMBER", "VIEWER"]).default("MEMBER"),
  principal_type: z.enum(["User", "Worker"]).default("User"),
  /** Holds User or Worker, where tokens of both come from one provider. */
  principal_type_claim: claimPath.optional(),
  without_org: z.enum(["reject", "system"]).optional(),
  skip_verification: flag.default(false),
});

export interface JwtConfig {
  issuer: string | undefined;
  audience: string[] | undefined;
  jwksUri: string | undefined;
  jwks: string | undefined;
  algorithms: readonly JwtAlgorithm[];
  clockSkewSeconds: number;
  orgClaim: string;
  roleClaim: string;
  defaultRole: string;
  principalType: "User" | "Worker";
  principalTypeClaim: string | undefined;
  /** What becomes of a token that names no org: refused, or that of an operator of all orgs. */
  withoutOrg: "reject" | "system";
  /** For tests alone: whoever writes a token is believed. */
  skipVerification: boolean;
}

/** Undefined where nothing is configured but that signatures are looked at. */
export function toJwtConfig(jwt: z.infer<typeof jwtShape>): JwtConfig | undefined {
  if (jwt.issuer === undefined && !jwt.skip_verification) return undefined;
  return {
    issuer: jwt.issuer,
    audience: jwt.audience,
    jwksUri: jwt.jwks_uri,
    jwks: jwt.jwks,
    algorithms: jwt.algorithms,
    clockSkewSeconds: jwt.clock_skew_seconds,
    orgClaim: jwt.org_claim,
    roleClaim: jwt.role_claim,
    defaultRole: jwt.default_role,
    principalType: jwt.principal_type,
    principalTypeClaim: jwt.principal_type_claim,
    // Tokens of test set-ups name no org, and whoever skips the verification has given up on safety.
    withoutOrg: jwt.without_org ?? (jwt.skip_verification ? "system" : "reject"),
    skipVerification: jwt.skip_verification,
  };
}
