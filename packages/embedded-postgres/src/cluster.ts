import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, initdbAccount } from "./account.js";
import { childEnvironment } from "./child-environment.js";
import { EmbeddedPostgresError, isSystemError } from "./errors.js";
import { giveTree } from "./give-tree.js";

export const SUPERUSER = "flovyn";

export interface Cluster {
  /** PGDATA. */
  directory: string;
  password: string;
}

/** Opens the cluster of a home, running initdb the first time. Errors: Failed, Unsupported. */
export async function openCluster(options: {
  home: string;
  binaries: string;
  account: Account | undefined;
  /** Skips the flush of the new files, for data that may be lost. */
  sync: boolean;
}): Promise<Cluster> {
  const directory = join(options.home, "cluster");
  const passwordFile = join(options.home, "password");
  const isNew = !existsSync(directory);
  if (!isNew && !existsSync(passwordFile)) {
    throw new EmbeddedPostgresError(
      "Failed",
      `The data in ${directory} is there, but its password file ${passwordFile} is gone. Restore the file, or remove the directory.`,
    );
  }
  const password = openPassword(passwordFile);
  // Of a start that was cut short; it may hold the password.
  const partial = join(options.home, "cluster.partial");
  rmSync(partial, { recursive: true, force: true });
  if (isNew) {
    requirePlainPath(options.home);
    // Renamed when whole, so that an initdb cut short leaves no half cluster.
    try {
      renameSync(await initialise({ ...options, around: partial, password }), directory);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return { directory, password };
}

/** initdb starts its programs through a shell, with their paths in double quotes and nothing escaped. */
function requirePlainPath(path: string): void {
  if (!/["$`\\\n]/.test(path)) return;
  throw new EmbeddedPostgresError(
    "Failed",
    `Postgres cannot keep its data below ${path}: the path holds a double quote, a dollar sign, a backquote, a backslash or a line break.`,
  );
}

/** Written before the cluster exists, so that a cluster is never without it. */
function openPassword(file: string): string {
  try {
    writeFileSync(file, `${randomBytes(24).toString("hex")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
  }
  const password = readFileSync(file, "utf8").trim();
  if (password === "") throw new EmbeddedPostgresError("Failed", `The password file ${file} is empty.`);
  return password;
}

/**
 * Makes a cluster and returns where it is: in the directory `around`, which only the group of the account can enter. So no other
 * process of the user that initdb runs as gets at the files before they belong to the account.
 */
async function initialise(options: {
  around: string;
  password: string;
  binaries: string;
  account: Account | undefined;
  sync: boolean;
}): Promise<string> {
  const { around, account } = options;
  const directory = join(around, "cluster");
  const passwordFile = join(around, "password");
  const runAs = account && initdbAccount(account);
  mkdirSync(around, { mode: 0o700 });
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(passwordFile, `${options.password}\n`, { flag: "wx", mode: 0o600 });
  if (account && runAs) {
    chownSync(directory, runAs.uid, runAs.gid);
    chownSync(passwordFile, runAs.uid, runAs.gid);
    chownSync(around, process.getuid?.() ?? 0, account.gid);
    chmodSync(around, 0o710);
  }
  await runInitdb(join(options.binaries, "bin", "initdb"), runAs, directory, [
    `--pgdata=${directory}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    ...(options.sync ? [] : ["--no-sync"]),
  ]);
  if (account) giveTree(directory, account);
  return directory;
}

function runInitdb(program: string, account: Account | undefined, cwd: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...account, cwd, env: childEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (cause) => {
      reject(
        new EmbeddedPostgresError(
          "Unsupported",
          `The bundled Postgres does not run on this system (${cause.message}). Use a Postgres of your own with a database URL.`,
          { cause },
        ),
      );
    });
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new EmbeddedPostgresError("Failed", `initdb ended with ${signal ?? `code ${code}`}:\n${output}`));
    });
  });
}
