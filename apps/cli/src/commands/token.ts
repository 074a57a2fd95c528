import type { Command } from "commander";
import { callAdmin, callPages } from "../admin/admin-calls.js";
import { type AdminOptions, type AdminTarget, addAdminOptions, readAdminTarget } from "../admin/admin-target.js";
import { tableLines } from "../admin/table.js";
import { UsageError } from "../command-line/errors.js";
import { withExamples } from "../command-line/examples.js";
import { print, printAside, printLines } from "../print.js";

interface Token {
  id: string;
  displayName: string;
  prefix: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
}

/** `flovyn token create <name>`, `list` and `revoke <id>`: credentials of workers. */
export function addToken(program: Command): void {
  const token = program.command("token").description("credentials of workers");
  const create = token
    .command("create")
    .description("make a token, which is shown once")
    .argument("<name>", "what it is for")
    .option("--expires-in <30d>", "when it ends, in s, m, h or d; never without", parseSeconds);
  withExamples(addAdminOptions(create), "token create payments --expires-in 30d", "token create ci --json").action(
    (name: string, options: TokenOptions) => createToken(readPlace(options), name, options.expiresIn),
  );
  const list = token.command("list").description("list the tokens, without their secrets");
  withExamples(addAdminOptions(list), "token list", "token list --org acme --json").action((options: TokenOptions) =>
    listTokens(readPlace(options)),
  );
  const revoke = token.command("revoke").description("take a token away").argument("<id>", "as `token list` shows it");
  withExamples(addAdminOptions(revoke), "token revoke 0190a3e0-0000-7000-8000-00000000000a").action(
    (id: string, options: TokenOptions) => revokeToken(readPlace(options), id),
  );
}

type TokenOptions = AdminOptions & { expiresIn?: number };

interface Place {
  target: AdminTarget;
  path: string;
}

function readPlace(options: AdminOptions): Place {
  const target = readAdminTarget(options, "apiKey");
  if (target.org === "") throw new UsageError("--org, or FLOVYN_ORG in the environment, names the organization");
  return { target, path: `/api/orgs/${encodeURIComponent(target.org)}/worker-tokens` };
}

async function revokeToken({ target, path }: Place, id: string): Promise<void> {
  await callAdmin(target, { method: "DELETE", path: `${path}/${encodeURIComponent(id)}` });
  print(target.json ? JSON.stringify({ id, revoked: true }) : `revoked ${id}`);
}

async function createToken({ target, path }: Place, displayName: string, expiresInSeconds?: number): Promise<void> {
  const made = await callAdmin<Token & { token: string }>(target, {
    method: "POST",
    path,
    body: { displayName, expiresInSeconds },
  });
  if (target.json) return print(JSON.stringify(made));
  printAside(`made ${made.id}; the token is shown this once:`);
  print(made.token);
}

async function listTokens({ target, path }: Place): Promise<void> {
  const tokens = await callPages<Token>(target, path, "tokens");
  if (target.json) return print(JSON.stringify(tokens));
  const rows = tokens.map((one) => [one.id, one.prefix, stateOf(one), one.lastUsedAt ?? "never", one.displayName]);
  printLines(tableLines(["ID", "BEGINS WITH", "STATE", "LAST USED", "NAME"], rows));
}

function stateOf({ revokedAt, expiresAt }: Token): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  if (expiresAt === null) return "valid";
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt}` : `until ${expiresAt}`;
}

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function parseSeconds(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new UsageError("--expires-in must be a number followed by s, m, h or d, such as 30d");
  }
  return Number(digits) * secondsOf[unit as keyof typeof secondsOf];
}
