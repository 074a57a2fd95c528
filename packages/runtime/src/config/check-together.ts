import { isReservedPrincipalId } from "@flovyn/domain";
import { isLoopbackAddress } from "../loopback.js";
import { secretsMax } from "./config.js";
import { flag, isHttpUrl } from "./values.js";

const knownAuthorizers = ["cedar"];

/**
 * What the shape of single keys cannot tell: references, duplicates, names that nothing implements. Works on the raw
 * tree, so that these problems are listed beside those of the shape. Values of keys are never repeated.
 */
export function checkTogether(tree: unknown): string[] {
  const orgs = list(at(tree, "orgs"));
  const keys = list(at(tree, "auth", "static_api_key", "keys"));
  return [
    ...duplicates("orgs", "id", orgs.map(lowerId("id"))),
    ...duplicates(
      "orgs",
      "slug",
      orgs.map((org) => at(org, "slug")),
    ),
    ...openProblems(tree),
    ...otelProblems(at(tree, "otel")),
    ...cedarProblems(at(tree, "auth", "cedar")),
    ...tlsProblems(at(tree, "tls")),
    ...natsProblems(at(tree, "nats")),
    ...jwtProblems(at(tree, "auth", "jwt")),
    ...secretProblems("auth.promise_token.secrets", list(at(tree, "auth", "promise_token", "secrets"))),
    ...secretProblems("auth.worker_token.secrets", list(at(tree, "auth", "worker_token", "secrets"))),
    ...workerSecretProblems(at(tree, "auth", "worker_token")),
    ...keyProblems(keys, new Set(orgs.map(lowerId("id")))),
    ...doorProblems(tree, "http"),
    ...doorProblems(tree, "grpc"),
  ];
}

function keyProblems(keys: readonly unknown[], orgIds: ReadonlySet<unknown>): string[] {
  const values = keys.map((key) => at(key, "key"));
  return keys.flatMap((key, index) => {
    const name = `auth.static_api_key.keys[${index}]`;
    const orgId = lowerId("org_id")(key);
    const problems: string[] = [];
    const isOperator = at(key, "role") === "OPERATOR" && at(key, "principal_type") === "User";
    if (at(key, "org_id") === undefined && !isOperator) {
      problems.push(`${name}.org_id: is missing; only a User with the role OPERATOR belongs to no org`);
    }
    if (at(key, "role") === "OPERATOR" && at(key, "org_id") !== undefined) {
      problems.push(`${name}.role: OPERATOR is for keys without org_id`);
    }
    if (isReservedPrincipalId(String(at(key, "principal_id") ?? ""))) {
      problems.push(`${name}.principal_id: must not begin with flovyn: or token:, which only the server gives`);
    }
    if (orgId !== undefined && !orgIds.has(orgId)) {
      problems.push(`${name}.org_id: ${orgId} is not one of the configured orgs`);
    }
    const first = values.indexOf(values[index]);
    if (typeof values[index] === "string" && first !== index) {
      problems.push(`${name}.key: is the same as that of auth.static_api_key.keys[${first}]`);
    }
    return problems;
  });
}

/** Where callers need no credential, only those on this machine may be callers. */
function openProblems(tree: unknown): string[] {
  if (isOn(at(tree, "auth", "enabled"))) return [];
  return ["bind_address", "ops_bind_address"].flatMap((name) => {
    const address = at(tree, name);
    return typeof address !== "string" || isLoopbackAddress(address)
      ? []
      : [`${name}: must be a loopback address, such as localhost, while auth.enabled is false`];
  });
}

/** The variable that all programs share is checked only where it decides. */
function otelProblems(otel: unknown): string[] {
  const shared = at(otel, "exporter_otlp_endpoint");
  const enabled = flag.safeParse(at(otel, "enabled"));
  const decides =
    enabled.data === true && at(otel, "endpoint") === undefined && at(otel, "otlp_endpoint") === undefined;
  if (!decides || typeof shared !== "string" || isHttpUrl(shared)) return [];
  return ["OTEL_EXPORTER_OTLP_ENDPOINT: must look like http://host:4318"];
}

function cedarProblems(cedar: unknown): string[] {
  const replacesByNothing = at(cedar, "mode") === "replace" && list(at(cedar, "policies")).length === 0;
  return replacesByNothing ? ["auth.cedar.policies: is missing, and auth.cedar.mode is replace"] : [];
}

/** A certificate has a key, and a client is asked for one only where somebody vouches for it. */
function tlsProblems(tls: unknown): string[] {
  const problems: string[] = [];
  for (const name of ["", "http", "grpc"]) {
    const own = name === "" ? tls : at(tls, name);
    const value = (key: string) => at(own, key) ?? at(tls, key);
    const title = name === "" ? "tls" : `tls.${name}`;
    if (own === undefined) continue;
    if (value("cert_file") !== undefined && value("key_file") === undefined)
      problems.push(`${title}.key_file: is missing`);
    if (value("key_file") !== undefined && value("cert_file") === undefined)
      problems.push(`${title}.cert_file: is missing`);
    const asks = value("client_auth") === "require";
    if (asks && value("client_ca_file") === undefined) problems.push(`${title}.client_ca_file: is missing`);
    if (asks && value("cert_file") === undefined) problems.push(`${title}.client_auth: needs cert_file and key_file`);
  }
  return [...new Set(problems)];
}

function natsProblems(nats: unknown): string[] {
  const given = ["user", "token", "creds_file"].filter((key) => at(nats, key) !== undefined);
  const problems = given.length > 1 ? [`nats.${given[1]}: must not be there beside nats.${given[0]}`] : [];
  if (at(nats, "password") !== undefined && at(nats, "user") === undefined) problems.push("nats.user: is missing");
  const [cert, key] = [at(nats, "tls", "cert_file"), at(nats, "tls", "key_file")];
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(`nats.tls.${cert === undefined ? "cert_file" : "key_file"}: is missing`);
  }
  return problems;
}

/** A token must be checked against something, or the file must say that it is not. */
function jwtProblems(jwt: unknown): string[] {
  if (jwt === undefined) return [];
  const skips = flag.safeParse(at(jwt, "skip_verification")).data === true;
  // The older variable for tests, set to false, configures nothing.
  if (!skips && Object.keys(jwt ?? {}).every((key) => key === "skip_verification")) return [];
  const has = (key: string) => at(jwt, key) !== undefined;
  if (skips) return [];
  const problems: string[] = [];
  if (!has("issuer")) problems.push("auth.jwt.issuer: is missing");
  if (!has("audience")) problems.push("auth.jwt.audience: is missing");
  if (has("jwks") && has("jwks_uri")) problems.push("auth.jwt.jwks: must not be there beside auth.jwt.jwks_uri");
  const issuer = at(jwt, "issuer");
  if (!has("jwks") && !has("jwks_uri") && typeof issuer === "string" && !isHttpUrl(issuer)) {
    problems.push("auth.jwt.jwks_uri: is missing, and the issuer is no address to ask for it");
  }
  return problems;
}

function workerSecretProblems(workerToken: unknown): string[] {
  const both = at(workerToken, "secret") !== undefined && list(at(workerToken, "secrets")).length > 0;
  return both ? ["auth.worker_token.secret: must not be there beside auth.worker_token.secrets"] : [];
}

function secretProblems(name: string, secrets: readonly unknown[]): string[] {
  const ids = secrets.map((secret) => at(secret, "id"));
  const tooMany = secrets.length > secretsMax ? [`${name}: must have at most ${secretsMax} entries`] : [];
  return [...tooMany, ...duplicates(name, "id", ids)];
}

function doorProblems(tree: unknown, door: string): string[] {
  const name = `auth.endpoints.${door}`;
  const authenticators = at(tree, "auth", "endpoints", door, "authenticators");
  const authorizer = at(tree, "auth", "endpoints", door, "authorizer");
  const problems: string[] = [];
  if (Array.isArray(authenticators) && authenticators.length === 0 && isOn(at(tree, "auth", "enabled"))) {
    problems.push(`${name}.authenticators: must name at least one; auth.enabled = false turns authentication off`);
  }
  if (typeof authorizer === "string" && !knownAuthorizers.includes(authorizer)) {
    problems.push(`${name}.authorizer: ${authorizer} is not one of ${knownAuthorizers.join(", ")}`);
  }
  return problems;
}

function duplicates(table: string, key: string, values: readonly unknown[]): string[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    return typeof value !== "string" || first === index
      ? []
      : [`${table}[${index}].${key}: ${value} is the ${key} of ${table}[${first}] too`];
  });
}

function isOn(enabled: unknown): boolean {
  const parsed = flag.safeParse(enabled);
  return !parsed.success || parsed.data;
}

function lowerId(key: string): (table: unknown) => string | undefined {
  return (table) => {
    const id = at(table, key);
    return typeof id === "string" ? id.toLowerCase() : undefined;
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function at(tree: unknown, ...path: string[]): unknown {
  let node = tree;
  for (const key of path) {
    if (node === null || typeof node !== "object") return undefined;
    node = (node as Record<string, unknown>)[key];
  }
  return node;
}
