import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { addTargetOptions, findTarget } from "../dev/target.js";

/** The server whose organizations and credentials are managed, and who manages them. */
export interface AdminTarget {
  httpUrl: string;
  key: string;
  /** Slug of the organization, where one is needed. */
  org: string;
  json: boolean;
}

export interface AdminOptions {
  data: string;
  httpPort?: string;
  httpUrl?: string;
  key?: string;
  org?: string;
  json?: boolean;
}

/** The options of every command of `flovyn token` and `flovyn org`. */
export function addAdminOptions(command: Command): Command {
  return addTargetOptions(command)
    .option("--http-url <url>", "the server (FLOVYN_HTTP_URL); without, the development server")
    .option("--key <key>", "who asks (FLOVYN_API_KEY); of the development server its operator or ADMIN")
    .option("--org <slug>", "the organization (FLOVYN_ORG); of the development server its own")
    .option("--json", "one line of JSON");
}

/** Without an address it is the development server of the data directory; `by` is which of its keys asks. Errors: UsageError. */
export function readAdminTarget(
  options: AdminOptions,
  by: "operatorKey" | "apiKey",
  env: Readonly<Record<string, string | undefined>> = process.env,
): AdminTarget {
  const { json = false } = options;
  const address = options.httpUrl ?? env.FLOVYN_HTTP_URL;
  const key = options.key ?? env.FLOVYN_API_KEY;
  const org = options.org ?? env.FLOVYN_ORG;
  if (address !== undefined) {
    if (key === undefined)
      throw new UsageError("--key, or FLOVYN_API_KEY in the environment, is needed with --http-url");
    if (!/^https?:\/\//.test(address) || !URL.canParse(address))
      throw new UsageError("--http-url: must begin with http:// or https://");
    return { httpUrl: address.replace(/\/$/, ""), key, org: org ?? "", json };
  }
  const target = findTarget(options);
  return { httpUrl: target.httpUrl, key: key ?? target[by], org: org ?? target.orgSlug, json };
}
