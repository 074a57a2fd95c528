import { callAdmin, callPages } from "../admin/admin-calls.js";
import { type AdminTarget, readAdminTarget } from "../admin/admin-target.js";
import { tableLines } from "../admin/table.js";
import { print, printAside, printLines } from "../print.js";
import { UsageError } from "../usage.js";

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
export async function token(args: readonly string[]): Promise<void> {
  const target = readAdminTarget(args, { more: ["expires-in"], by: "apiKey" });
  const [action, word, ...more] = target.words;
  if (more.length > 0) throw new UsageError(`${more[0]} is one word too many`);
  if (target.org === "") throw new UsageError("--org, or FLOVYN_ORG in the environment, names the organization");
  const path = `/api/orgs/${encodeURIComponent(target.org)}/worker-tokens`;
  if (action === "create" && word !== undefined) return createToken(target, path, word);
  if (action === "list" && word === undefined) return listTokens(target, path);
  if (action === "revoke" && word !== undefined) {
    await callAdmin(target, { method: "DELETE", path: `${path}/${encodeURIComponent(word)}` });
    return print(target.json ? JSON.stringify({ id: word, revoked: true }) : `revoked ${word}`);
  }
  throw new UsageError("it is called as: token create <name> [--expires-in 30d] | token list | token revoke <id>");
}

async function createToken(target: AdminTarget, path: string, displayName: string): Promise<void> {
  const expiresInSeconds = parseSeconds(target.options["expires-in"]);
  const made = await callAdmin<Token & { token: string }>(target, {
    method: "POST",
    path,
    body: { displayName, expiresInSeconds },
  });
  if (target.json) return print(JSON.stringify(made));
  printAside(`made ${made.id}; the token is shown this once:`);
  print(made.token);
}

async function listTokens(target: AdminTarget, path: string): Promise<void> {
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

function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new UsageError("--expires-in must be a number followed by s, m, h or d, such as 30d");
  }
  return Number(digits) * secondsOf[unit as keyof typeof secondsOf];
}
