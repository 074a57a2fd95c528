import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Account, canUse } from "./account.js";
import { EmbeddedPostgresError } from "./errors.js";

/**
 * A home is the directory that holds everything of one embedded Postgres:
 *
 *     cluster/             PGDATA, owned by the account
 *     postgres-<version>/  the binaries
 *     password             of the superuser, for the owner of this process only
 *     owner.json           which process uses the home now
 *
 * It is the data directory itself, unless the account cannot get there (a checkout below /root). Then it is a directory of its own
 * elsewhere, the data directory holds a file `location` with its path, and the home holds `belongs-to` with the way back.
 */
const POINTER = "location";
const BACK_POINTER = "belongs-to";

/** Finds or makes the home for a data directory. Errors: NoAccount when no directory can be reached by the account. */
export function prepareHome(
  dataDir: string,
  choose: (home: string) => Account | undefined,
  log: (line: string) => void,
): { home: string; account: Account | undefined } {
  const wanted = makeDirectory(resolve(dataDir));
  const elsewhere = readPointer(wanted);
  if (elsewhere) return { home: elsewhere, account: choose(elsewhere) };

  const account = choose(wanted);
  if (account === undefined || existsSync(join(wanted, "cluster")) || canUse(wanted, account, "enter")) {
    if (canUse(wanted, account, "enter")) return { home: wanted, account };
    throw new EmbeddedPostgresError(
      "NoAccount",
      `The user that owns the Postgres data in ${wanted} can no longer reach it. Allow it to enter every directory above.`,
    );
  }
  const home = makeHomeElsewhere(wanted, account);
  log(`Postgres cannot run as root and no other user can reach ${wanted}; its files go to ${home}`);
  writeFileSync(join(home, BACK_POINTER), `${wanted}\n`);
  writeFileSync(join(wanted, POINTER), `${home}\n`);
  return { home, account };
}

/** A copied data directory must not share the home of the one it was copied from; a moved one keeps it. */
function readPointer(wanted: string): string | undefined {
  const home = readLine(join(wanted, POINTER));
  if (home === undefined || !existsSync(join(home, BACK_POINTER))) return undefined;
  const owner = readLine(join(home, BACK_POINTER));
  if (owner === wanted) return home;
  if (owner !== undefined && readLine(join(owner, POINTER)) === home) return undefined;
  writeFileSync(join(home, BACK_POINTER), `${wanted}\n`);
  return home;
}

function makeHomeElsewhere(wanted: string, account: Account): string {
  const name = createHash("sha256").update(wanted).digest("hex").slice(0, 16);
  const tried: string[] = [];
  for (const parent of ["/var/lib/flovyn", join(tmpdir(), "flovyn"), "/var/tmp/flovyn", "/tmp/flovyn"]) {
    tried.push(parent);
    try {
      const home = makeDirectory(join(makeDirectory(parent), name));
      if (isOurs(parent) && isOurs(home) && canUse(home, account, "enter")) return home;
    } catch {
      // A read-only or missing parent is an answer too: the next one is tried.
    }
  }
  throw new EmbeddedPostgresError(
    "NoAccount",
    `Postgres cannot run as root, and no other user can reach ${wanted} or any of ${tried.join(", ")}. ` +
      "Run as an ordinary user, or give a data directory that every user can enter.",
  );
}

/** Below a directory that everyone can write to, a stranger could have laid a trap under the name we compute. */
function isOurs(directory: string): boolean {
  const info = lstatSync(directory);
  return info.isDirectory() && info.uid === process.getuid?.() && (info.mode & 0o022) === 0;
}

/** Made enterable whatever the umask says, since another user has to get through. */
function makeDirectory(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  return realpathSync(path);
}

function readLine(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
