import type { Command } from "commander";
import { callAdmin, callPages } from "../admin/admin-calls.js";
import { type AdminOptions, addAdminOptions, readAdminTarget } from "../admin/admin-target.js";
import { tableLines } from "../admin/table.js";
import { withExamples } from "../command-line/examples.js";
import { print, printLines } from "../print.js";

interface Org {
  id: string;
  name: string;
  slug: string;
  tier: string;
  createdAt: string;
}

/** `flovyn org create <slug>` and `flovyn org list`. */
export function addOrg(program: Command): void {
  const org = program.command("org").description("organizations, as an operator");
  const create = org
    .command("create")
    .description("make an organization")
    .argument("<slug>", "its name in addresses")
    .option("--name <text>", "its name for people (the slug)")
    .option("--tier <text>", "its tier (FREE)");
  withExamples(addAdminOptions(create), 'org create acme --name "Acme Ltd."').action(createOrg);
  const list = org.command("list").description("list the organizations");
  withExamples(addAdminOptions(list), "org list", "org list --http-url https://flovyn.example --key KEY").action(
    listOrgs,
  );
}

async function createOrg(slug: string, options: AdminOptions & { name?: string; tier?: string }): Promise<void> {
  const target = readAdminTarget(options, "operatorKey");
  const { name = slug, tier } = options;
  const made = await callAdmin<Org>(target, { method: "POST", path: "/api/orgs", body: { name, slug, tier } });
  print(target.json ? JSON.stringify(made) : `created ${made.slug} with the id ${made.id}`);
}

async function listOrgs(options: AdminOptions): Promise<void> {
  const target = readAdminTarget(options, "operatorKey");
  const orgs = await callPages<Org>(target, "/api/orgs", "orgs");
  if (target.json) return print(JSON.stringify(orgs));
  const rows = orgs.map(({ id, slug, tier, name, createdAt }) => [id, slug, tier, createdAt, name]);
  printLines(tableLines(["ID", "SLUG", "TIER", "CREATED", "NAME"], rows));
}
