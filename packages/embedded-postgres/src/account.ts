import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { EmbeddedPostgresError } from "./errors.js";

/** The user Postgres runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * Chooses whom to run Postgres as. `undefined` means the user of this process.
 *
 * Postgres refuses root, so root hands it to the owner of an existing cluster, else to the owner of the directory the
 * data goes to, else to `nobody`. initdb looks its user up by name, so an owner without an entry is passed over.
 * Errors: NoAccount.
 */
export function chooseAccount(home: string): Account | undefined {
  const self = process.getuid?.();
  if (self === undefined) return undefined;
  const known = knownAccounts();
  if (self !== 0) {
    if (known.size > 0 && !known.has(self) && lookUp(self) === undefined) {
      throw new EmbeddedPostgresError(
        "NoAccount",
        `The current user id ${self} has no name on this system, and Postgres needs one. ` +
          "Add it to /etc/passwd, run as another user, or use a Postgres of your own with a database URL.",
      );
    }
    return undefined;
  }
  const cluster = join(home, "cluster");
  const owner = ownerOf(existsSync(cluster) ? cluster : nearestExisting(home));
  const candidates = [owner, known.get(65534), findNobody(known)];
  for (const account of candidates) {
    if (account && account.uid !== 0 && known.has(account.uid) && canRunAs(account)) return account;
  }
  throw new EmbeddedPostgresError(
    "NoAccount",
    "Postgres refuses to run as root, and this process cannot become `nobody` either. " +
      "Run as an ordinary user, or use a Postgres of your own with a database URL.",
  );
}

/** Whether the account can enter the directory and, when asked, create files in it. The kernel answers, not the mode bits. */
export function canUse(directory: string, account: Account | undefined, how: "enter" | "write"): boolean {
  const script = how === "enter" ? 'cd "$1"' : 'cd "$1" && test -w .';
  const result = spawnSync("/bin/sh", ["-c", script, "sh", directory], { cwd: "/", stdio: "ignore", ...account });
  return result.status === 0;
}

function canRunAs(account: Account): boolean {
  return spawnSync("/bin/sh", ["-c", ":"], { cwd: "/", stdio: "ignore", ...account }).status === 0;
}

function ownerOf(path: string): Account {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function knownAccounts(): Map<number, Account> {
  const accounts = new Map<number, Account>();
  for (const [, , uid, gid] of passwdLines()) {
    accounts.set(Number(uid), { uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

function findNobody(known: Map<number, Account>): Account | undefined {
  const line = passwdLines().find(([name]) => name === "nobody");
  return line && known.get(Number(line[2]));
}

function passwdLines(): string[][] {
  if (!existsSync("/etc/passwd")) return [];
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

/** Directory services know users that /etc/passwd does not. */
function lookUp(uid: number): string | undefined {
  const result = spawnSync("id", ["-un", String(uid)], { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
