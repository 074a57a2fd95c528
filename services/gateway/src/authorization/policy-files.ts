import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PolicySource } from "@flovyn/authz";

/** All files together; policies of people are a few kilobytes. */
const policyBytesMax = 4 * 1024 * 1024;

/** A path of the configuration that cannot be read. The message names it and why. */
export class PolicyFileError extends Error {}

/** The policies of files, and of the files of folders that end in `.cedar`, by name. Errors: PolicyFileError. */
export async function readPolicyFiles(paths: readonly string[]): Promise<PolicySource[]> {
  const sources: PolicySource[] = [];
  let bytes = 0;
  for (const path of paths) {
    for (const name of await filesOf(path)) {
      const text = await readText(name);
      bytes += Buffer.byteLength(text);
      if (bytes > policyBytesMax) throw new PolicyFileError(`policies must have at most ${policyBytesMax} bytes`);
      sources.push({ name, text });
    }
  }
  // An emptied folder must not take the policies with it.
  if (paths.length > 0 && sources.length === 0)
    throw new PolicyFileError(`${paths.join(", ")}: there is no .cedar file`);
  return sources;
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith(".cedar"))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

function cannotRead(path: string, cause: unknown): PolicyFileError {
  const given = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const code = given.startsWith("E") && !given.startsWith("ERR_") ? given : "it is not UTF-8 text";
  return new PolicyFileError(`${path} cannot be read: ${code}`, { cause });
}
