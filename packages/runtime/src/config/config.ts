import { z } from "zod";
import { loopback } from "../loopback.js";
import {
  type CorsConfig,
  corsShape,
  type LimitsConfig,
  limitsShape,
  natsAccessShape,
  type TlsConfig,
  tlsShape,
} from "./edge-config.js";
import { type JwtConfig, jwtShape } from "./jwt-config.js";
import { flag, integer, isHttpUrl } from "./values.js";

const port = integer(0, 65_535);
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const uuid = z
  .string()
  .regex(uuidForm, "must be a UUID")
  .transform((text) => text.toLowerCase());
const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/\S+$/, "must look like postgres://user:password@host:port/database");
const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,128}$/, "must be the name of an HTTP header");
const headerValue = z.string().regex(/^[\x20-\x7e]{0,4096}$/, "must be printable ASCII");
const hostOfServer = z
  .string()
  .regex(/^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i, "must be a name or an address, without a port")
  .transform((text) => text.toLowerCase());
const otlpEndpoint = z.string().refine(isHttpUrl, { error: "must look like http://host:4318" });

const staticKey = z.strictObject({
  key: z.string().min(1),
  /** Left out for operators, who belong to no org. */
  org_id: uuid.optional(),
  principal_type: z.enum(["User", "Worker"]),
  principal_id: z.string().min(1),
  role: z.string().min(1).optional(),
});

/** As long as the output of the HMAC that it keys. */
const secretBytesMin = 32;
/** More than a rotation ever needs: one signs, the others are still accepted. */
export const secretsMax = 10;

/** Of the secret that stands alone, in place of the list. */
export const soleSecretId = "default";

const secretText = z.string().refine((text) => Buffer.byteLength(text) >= secretBytesMin, {
  error: `must have at least ${secretBytesMin} bytes`,
});
const namedSecret = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, "must be 1 to 32 letters, digits, _ and -"),
  secret: secretText,
});
const workerToken = z.strictObject({
  secrets: z.array(namedSecret).default([]),
  /** The only one, in place of the list. */
  secret: secretText.optional(),
  /** Existing workers know tokens by it, so it cannot be another. */
  prefix: z.literal("fwt_").default("fwt_"),
});

const endpoint = z.strictObject({
  authenticators: z.array(z.string()).optional(),
  authorizer: z.string().default("cedar"),
  exclude_paths: z.array(z.string()).default([]),
});

/** Of development configurations that existing clients bring along: accepted, and without any effect here. */
const withoutEffect = z.unknown().optional();

/** The file and environment as they are written; a key that is not here is refused. Source: docs/configuration.md. */
export const configShape = z.strictObject({
  database_url: databaseUrl.optional(),
  server_port: port.default(8000),
  grpc_server_port: port.default(9090),
  ops_port: port.default(8001),
  bind_address: z.string().min(1).optional(),
  ops_bind_address: z.string().min(1).default(loopback),
  run_migrations: flag.default(true),
  nats: z
    .strictObject({
      enabled: flag.default(true),
      url: z.string().default("nats://127.0.0.1:4222"),
      namespace: z
        .string()
        .regex(/^[A-Za-z0-9_-]*$/, "must consist of letters, digits, _ and -")
        .default(""),
      silence_ms: integer(1_000, 60_000).default(1_500),
      ...natsAccessShape,
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
      pretty: flag.default(false),
    })
    .prefault({}),
  otel: z
    .strictObject({
      enabled: flag.default(false),
      endpoint: otlpEndpoint.optional(),
      /** Older name of endpoint. */
      otlp_endpoint: otlpEndpoint.optional(),
      /** OTEL_EXPORTER_OTLP_ENDPOINT; it belongs to other programs too, so it is looked at only where it counts. */
      exporter_otlp_endpoint: z.string().optional(),
      headers: z.record(headerName, headerValue).default({}),
      service_name: z.string().min(1).max(255).default("flovyn-server"),
    })
    .prefault({}),
  limits: limitsShape.prefault({}),
  cors: corsShape.prefault({}),
  tls: tlsShape.prefault({}),
  metrics: withoutEffect,
  audit: z.strictObject({ level: z.enum(["management", "changes"]).default("management") }).prefault({}),
  database: z
    .strictObject({ pool_max: integer(1, 1000).default(10), batch_slots: integer(1, 100).default(2) })
    .prefault({}),
  orgs: z
    .array(
      z.strictObject({
        id: uuid,
        name: z.string().min(1).max(255),
        slug: z
          .string()
          .max(100)
          .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be lower-case words joined by hyphens")
          .refine((slug) => !uuidForm.test(slug), "must not be a UUID"),
        tier: z.string().min(1).max(50).default("FREE"),
        quotas: z
          .strictObject({
            requests_per_second: integer(1, 1_000_000).optional(),
            request_burst: integer(1, 1_000_000).optional(),
            worker_tokens: integer(1, 100_000).optional(),
          })
          .prefault({}),
      }),
    )
    .default([]),
  auth: z
    .strictObject({
      enabled: flag.default(true),
      allowed_hosts: z.array(hostOfServer).max(100).default([]),
      static_api_key: z.strictObject({ keys: z.array(staticKey).default([]) }).prefault({}),
      jwt: jwtShape.optional(),
      cedar: z
        .strictObject({
          policies: z.array(z.string().min(1)).max(100).default([]),
          mode: z.enum(["extend", "replace"]).default("extend"),
        })
        .prefault({}),
      promise_token: z.strictObject({ secrets: z.array(namedSecret).default([]) }).prefault({}),
      worker_token: workerToken.prefault({}),
      better_auth: withoutEffect,
      attr_resolver: withoutEffect,
      endpoints: z.strictObject({ http: endpoint.prefault({}), grpc: endpoint.prefault({}) }).prefault({}),
    })
    .prefault({}),
});

export interface OrgConfig {
  id: string;
  name: string;
  slug: string;
  tier: string;
  quotas: { requestsPerSecond?: number; requestBurst?: number; workerTokens?: number };
}

export interface StaticKeyConfig {
  key: string;
  /** Empty for an operator. */
  orgId: string;
  principalType: "User" | "Worker";
  principalId: string;
  role: string | undefined;
}

export interface NamedSecret {
  /** Stands beside what this secret signed. */
  id: string;
  secret: string;
}

/** Who a process is to the broker; those of the address count where there are none. */
export type NatsAccess = { user: string; password: string } | { token: string } | { credsFile: string };

export interface EndpointConfig {
  /** By name; undefined stands for all that are configured. */
  authenticators: string[] | undefined;
  authorizer: string;
  excludePaths: string[];
}

export interface OtelConfig {
  enabled: boolean;
  /** Base of the OTLP/HTTP receiver; `/v1/traces` is added. */
  endpoint: string;
  headers: Record<string, string>;
  serviceName: string;
}

/** Everything a process is told from outside. */
export interface FlovynConfig {
  databaseUrl: string | undefined;
  /** HTTP door of the gateway. */
  serverPort: number;
  /** gRPC door of the gateway. */
  grpcServerPort: number;
  /** Health and metrics of the process; 0 picks a free port. */
  opsPort: number;
  opsBindAddress: string;
  /** Of the gateway. `localhost` stands for both loopback addresses. */
  bindAddress: string;
  runMigrations: boolean;
  nats: {
    enabled: boolean;
    url: string;
    /** Keeps clusters apart that share a broker. */
    namespace: string;
    /** A replica that nothing is heard of for so long is taken for dead, and calls to it fail. */
    silenceMs: number;
    credentials: NatsAccess | undefined;
    /** Files; an empty object asks for TLS with the authorities of the system. */
    tls: { caFile?: string; certFile?: string; keyFile?: string } | undefined;
  };
  log: { level: string; pretty: boolean };
  /** Export of the spans that workers report. */
  otel: OtelConfig;
  limits: LimitsConfig;
  cors: CorsConfig;
  tls: TlsConfig;
  /** Which allowed calls are recorded; denied ones always are. */
  audit: { level: "management" | "changes" };
  database: {
    poolMax: number;
    /** Batches of one process that run at the same time. */
    batchSlots: number;
  };
  orgs: OrgConfig[];
  auth: {
    enabled: boolean;
    /** Names of the gateway that count where `enabled` is false, beside those of this machine. */
    allowedHosts: string[];
    staticApiKey: { keys: StaticKeyConfig[] };
    jwt: JwtConfig | undefined;
    /** Own policies: files and folders, beside the roles or in their place. */
    cedar: { policies: string[]; mode: "extend" | "replace" };
    /** The first secret signs promise tokens, all of them verify. None turns the tokens off. */
    promiseToken: { secrets: NamedSecret[] };
    /** The first secret makes worker tokens, all of them verify. None turns the tokens off. */
    workerToken: { secrets: NamedSecret[] };
    endpoints: { http: EndpointConfig; grpc: EndpointConfig };
  };
}
