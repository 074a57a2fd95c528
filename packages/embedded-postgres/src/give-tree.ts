import { chmodSync, lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "./account.js";

/**
 * Gives a directory with all that is in it to an account, as root. It belongs to root meanwhile: what was cut short is seen by it,
 * and whom it belonged to can put nothing else in its place.
 */
export function giveTree(path: string, account: Account): void {
  lchownSync(path, 0, 0);
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) give(join(path, name), account);
  lchownSync(path, account.uid, account.gid);
}

/** Each directory before what is in it, so that the owner before cannot change what is walked. */
function give(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) give(join(path, name), account);
}

/** The same where it belongs to another, such as the one that an earlier version ran as. Postgres must not run on it. */
export function takeOver(path: string, account: Account | undefined, log: (line: string) => void): void {
  const { uid } = lstatSync(path);
  if (account === undefined || uid === account.uid) return;
  log(`the files in ${path} go from user ${uid} to user ${account.uid}, which is for them alone`);
  giveTree(path, account);
}
