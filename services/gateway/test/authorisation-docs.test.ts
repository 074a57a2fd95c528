/** The table of actions in docs/authorisation.md is made from the tables of RPCs and routes. FLOVYN_WRITE_DOCS=1 writes it anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { actionNames, actions } from "@flovyn/authz";
import { workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { routes } from "../src/grpc/routes.js";
import { GatewayHarness } from "./gateway-harness.js";

const file = join(workspaceRoot(), "docs", "authorisation.md");
const [begin, end] = ["<!-- actions: begin -->\n", "<!-- actions: end -->\n"];
let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start();
});
afterAll(() => harness.stop());

function table(): string {
  const rows = actionNames.map((name) => {
    const rpcs = routes.filter(({ action }) => action === name).map((route) => `\`${route.name}\``);
    const paths = harness.gateway.httpRoutes
      .filter(({ action, path }) => action === name && !path.startsWith("/api/tenants"))
      .map(({ method, path }) => `\`${method} ${path.replace("/api/orgs/{slug}", "…")}\``);
    const { group, resource } = actions[name];
    return `| \`${name}\` | ${group} | ${resource} | ${rpcs.join(", ")} | ${paths.join(", ")} |\n`;
  });
  return [
    "| action | group | resource | RPCs | routes, below `/api/orgs/{slug}` where they begin with … |\n",
    "| --- | --- | --- | --- | --- |\n",
    ...rows,
  ].join("");
}

it("docs/authorisation.md lists every action with its RPCs and routes", () => {
  const text = readFileSync(file, "utf8");
  const [head = "", tail = ""] = [text.split(begin)[0], text.split(end)[1]];
  const wanted = `${head}${begin}${table()}${end}${tail}`;
  if (process.env.FLOVYN_WRITE_DOCS === "1") writeFileSync(file, wanted);
  else expect(text).toBe(wanted);
});
