import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { EmbeddedPostgresError } from "./errors.js";

/** The user Postgres runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/** Uids that systems hand out neither to people nor to services by themselves, and that containers have. */
const [ownFirst, ownCount] = [50_000, 10_000];
const ownTries = 20;

/**
 * Chooses whom to run Postgres as. `undefined` means the user of this process.
 *
 * Postgres refuses root, so root hands it to the owner of an existing cluster, else to the owner of the directory the data goes
 * to, else to a user of its own: a uid that stands for no user of the system. `nobody`, whom other programs run as, could read
 * the data and is chosen only where this process can become no such user; a cluster of `nobody` is given to another.
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
  const shared = known.get(65534) ?? findNobody(known);
  const cluster = join(home, "cluster");
  const exists = existsSync(cluster);
  const owner = ownerOf(exists ? cluster : nearestExisting(home));
  // The server needs no name; initdb does, which a cluster that exists has behind it.
  const isOrdinary = owner.uid !== 0 && owner.uid !== shared?.uid && (exists || known.has(owner.uid));
  if (isOrdinary && canRunAs(owner)) return owner;
  const account = shared && canRunAs(shared) ? (ownAccount(home, known) ?? shared) : undefined;
  if (account !== undefined) return account;
  throw new EmbeddedPostgresError(
    "NoAccount",
    "Postgres refuses to run as root, and this process cannot become `nobody` either. " +
      "Run as an ordinary user, or use a Postgres of your own with a database URL.",
  );
}

/**
 * Whom to run initdb as for an account: it looks its user up by name, which a user of its own has not. Then it is `nobody` with
 * the group of the account, which no other process of `nobody` has.
 */
export function initdbAccount(account: Account): Account {
  const known = knownAccounts();
  if (known.has(account.uid)) return account;
  return { uid: (known.get(65534) ?? findNobody(known))?.uid ?? account.uid, gid: account.gid };
}

/** The same for the same home, so that a directory which lost its cluster does not change hands. */
function ownAccount(home: string, known: Map<number, Account>): Account | undefined {
  const start = createHash("sha256").update(home).digest().readUInt32BE(0);
  const groups = idsIn("/etc/group");
  for (let step = 0; step < ownTries; step++) {
    const id = ownFirst + ((start + step) % ownCount);
    if (known.has(id) || groups.has(id) || lookUp(id) !== undefined) continue;
    const account = { uid: id, gid: id };
    return canRunAs(account) ? account : undefined;
  }
  return undefined;
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
  return linesOf("/etc/passwd");
}

function idsIn(file: string): Set<number> {
  return new Set(linesOf(file).map(([, , id]) => Number(id)));
}

function linesOf(file: string): string[][] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

/** Directory services know users that /etc/passwd does not. */
function lookUp(uid: number): string | undefined {
  const result = spawnSync("id", ["-un", String(uid)], { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
