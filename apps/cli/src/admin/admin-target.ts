import { parseArgs } from "node:util";
import { findTarget } from "../dev/target.js";
import { UsageError } from "../usage.js";

/** The server whose organizations and credentials are managed, and who manages them. */
export interface AdminTarget {
  httpUrl: string;
  key: string;
  /** Slug of the organization, where one is needed. */
  org: string;
  json: boolean;
  words: readonly string[];
  /** Further options of a command. */
  options: Readonly<Record<string, string | undefined>>;
}

const shared = {
  data: { type: "string", default: ".flovyn" },
  "http-port": { type: "string", default: "8000" },
  "http-url": { type: "string" },
  key: { type: "string" },
  org: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/**
 * Reads the command line of `flovyn token` and `flovyn org`. Without an address it is the development server of the data
 * directory; `by` is which of its keys asks. Errors: UsageError.
 */
export function readAdminTarget(
  args: readonly string[],
  options: { more: readonly string[]; by: "operatorKey" | "apiKey" },
  env: Readonly<Record<string, string | undefined>> = process.env,
): AdminTarget {
  const { more, by } = options;
  const own = Object.fromEntries(more.map((name) => [name, { type: "string" } as const]));
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...shared, ...own },
  });
  const given: Readonly<Record<string, unknown>> = values;
  const text = (name: string) => (typeof given[name] === "string" ? given[name] : undefined);
  const address = text("http-url") ?? env.FLOVYN_HTTP_URL;
  const key = text("key") ?? env.FLOVYN_API_KEY;
  const common = {
    json: values.json,
    words: positionals,
    options: Object.fromEntries(more.map((name) => [name, text(name)])),
  };
  if (address !== undefined) {
    if (key === undefined)
      throw new UsageError("--key, or FLOVYN_API_KEY in the environment, is needed with --http-url");
    return { httpUrl: address.replace(/\/$/, ""), key, org: text("org") ?? env.FLOVYN_ORG ?? "", ...common };
  }
  const target = findTarget({ data: values.data, httpPort: values["http-port"], grpcPort: "0" });
  return { httpUrl: target.httpUrl, key: key ?? target[by], org: text("org") ?? target.orgSlug, ...common };
}
