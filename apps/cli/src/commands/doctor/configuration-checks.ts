import { createLogger, type FlovynConfig, findExampleSecrets } from "@flovyn/runtime";
import { connectBroker } from "../../compose/broker.js";
import { reasonOf } from "../../dev/reason.js";
import { tryPort } from "../../dev/require-ports.js";
import { databaseChecks } from "./database-checks.js";
import type { Check, Finding } from "./finding.js";
import { readVersion } from "./read-version.js";

const connectTimeoutMs = 5_000;

/** What `flovyn serve` needs: its ports are free, or a server of this project has them. */
export function configurationChecks(config: FlovynConfig): Check[] {
  const { databaseUrl, bindAddress, opsBindAddress } = config;
  const noDatabase: Finding = {
    problem:
      "DATABASE_URL is not set: set it to postgres://user:password@host:port/database; " +
      "of a development server, name its data directory with --data",
  };
  return [
    ["secrets", async () => checkSecrets(config)],
    ...(databaseUrl === undefined
      ? [["Postgres", async () => noDatabase] as const]
      : databaseChecks(databaseUrl, "check DATABASE_URL, that the server runs, and that it may be reached")),
    ["NATS", () => checkNats(config)],
    ...[
      ["HTTP", config.serverPort, bindAddress, "SERVER_PORT"] as const,
      ["gRPC", config.grpcServerPort, bindAddress, "GRPC_SERVER_PORT"] as const,
      ["ops", config.opsPort, opsBindAddress, "OPS_PORT"] as const,
    ].map(
      ([name, port, address, variable]): Check => [
        `${name} port ${port}`,
        () => checkPort({ port, address, variable, opsPort: config.opsPort }),
      ],
    ),
  ];
}

function checkSecrets(config: FlovynConfig): Finding {
  const problems = findExampleSecrets(config);
  if (problems.length > 0) return { problem: problems.join("\n") };
  return { ok: "none is an example or one of development" };
}

async function checkNats({ nats }: FlovynConfig): Promise<Finding> {
  if (!nats.enabled) return { ok: "not used (nats.enabled is false)" };
  const log = createLogger({ service: "doctor", level: "silent" });
  try {
    const bus = await connectBroker({ nats, name: "flovyn-doctor", log, connectTimeoutMs });
    await bus.flush();
    await bus.drain();
    return { ok: "the broker answers" };
  } catch (error) {
    return { problem: `${reasonOf(error)}: check NATS__URL and that the broker runs` };
  }
}

interface Port {
  port: number;
  address: string;
  /** Of the environment. */
  variable: string;
  opsPort: number;
}

async function checkPort({ port, address, variable, opsPort }: Port): Promise<Finding> {
  try {
    await tryPort({ port, address }, "checked");
    return { ok: "free" };
  } catch (error) {
    const version = await readVersion(`http://localhost:${opsPort}`).catch(() => undefined);
    if (version !== undefined) return { ok: `in use, and Flovyn ${version} runs here` };
    return { problem: `${reasonOf(error)}, by ${variable}` };
  }
}
