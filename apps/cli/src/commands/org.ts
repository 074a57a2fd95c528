import { callAdmin, callPages } from "../admin/admin-calls.js";
import { readAdminTarget } from "../admin/admin-target.js";
import { tableLines } from "../admin/table.js";
import { print, printLines } from "../print.js";
import { UsageError } from "../usage.js";

interface Org {
  id: string;
  name: string;
  slug: string;
  tier: string;
  createdAt: string;
}

/** `flovyn org create <slug>` and `flovyn org list`. */
export async function org(args: readonly string[]): Promise<void> {
  const target = readAdminTarget(args, { more: ["name", "tier"], by: "operatorKey" });
  const [action, slug, ...more] = target.words;
  if (more.length > 0) throw new UsageError(`${more[0]} is one word too many`);
  if (action === "list" && slug === undefined) {
    const orgs = await callPages<Org>(target, "/api/orgs", "orgs");
    if (target.json) return print(JSON.stringify(orgs));
    const rows = orgs.map(({ id, slug, tier, name, createdAt }) => [id, slug, tier, createdAt, name]);
    return printLines(tableLines(["ID", "SLUG", "TIER", "CREATED", "NAME"], rows));
  }
  if (action === "create" && slug !== undefined) {
    const { name = slug, tier } = target.options;
    const made = await callAdmin<Org>(target, { method: "POST", path: "/api/orgs", body: { name, slug, tier } });
    return print(target.json ? JSON.stringify(made) : `created ${made.slug} with the id ${made.id}`);
  }
  throw new UsageError("it is called as: org create <slug> [--name TEXT] [--tier TEXT] | org list");
}
