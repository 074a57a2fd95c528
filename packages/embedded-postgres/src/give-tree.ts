import { lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "./account.js";

/** Gives a directory with all that is in it to an account. The directory itself comes last: what was cut short is seen by it. */
export function giveTree(path: string, account: Account): void {
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) giveTree(join(path, name), account);
  }
  lchownSync(path, account.uid, account.gid);
}

/** The same where it belongs to another, such as the one that an earlier version ran as. Postgres must not run on it. */
export function takeOver(path: string, account: Account | undefined, log: (line: string) => void): void {
  const { uid } = lstatSync(path);
  if (account === undefined || uid === account.uid) return;
  log(`the files in ${path} go from user ${uid} to user ${account.uid}, which is for them alone`);
  giveTree(path, account);
}
