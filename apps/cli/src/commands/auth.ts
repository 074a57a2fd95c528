import { parseArgs } from "node:util";
import { type ActionName, Authorizer, actionNames, actions, type Principal, type ResourceFacts } from "@flovyn/authz";
import { readPolicyFiles } from "@flovyn/gateway";
import { loadConfig } from "@flovyn/runtime";
import { print, printLines } from "../print.js";
import { UsageError } from "../usage.js";

const usage = `it is called as: auth explain <principal> <action> [<resource>]
  principal  user:alice@acme:ADMIN, worker:w1@acme, operator:root
  action     ${actionNames.slice(0, 6).join(", ")}, … (\`auth actions\` lists them)
  resource   acme, or acme/kind=order,queue=payments,id=…; left out, that of the principal`;

/** `flovyn auth explain`: which policy decides, with the policies of the configuration. `flovyn auth actions` lists actions. */
export async function auth(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, config: { type: "string" } },
  });
  const [command, who, what, target, ...more] = positionals;
  if (command === "actions" && who === undefined) {
    return printLines(actionNames.map((name) => `${name} (${actions[name].group}, ${actions[name].resource})`));
  }
  if (command !== "explain" || who === undefined || what === undefined || more.length > 0) throw new UsageError(usage);
  const principal = readPrincipal(who);
  const action = readAction(what);
  const resource = readResource(target, principal.orgId);
  const { cedar } = loadConfig({ configFile: values.config }).auth;
  const problems: string[] = [];
  const sources = cedar.policies.length === 0 ? [] : await readPolicyFiles(cedar.policies);
  const mode = sources.length === 0 ? "extend" : cedar.mode;
  const authorizer = new Authorizer({ sources, mode, onError: (problem) => problems.push(problem) });
  const { allowed, policyIds } = authorizer.decide(principal, action, resource);
  const { descriptions } = authorizer.policies;
  const policies = policyIds.map((id) => ({ id, description: descriptions.get(id) ?? "" }));
  if (values.json) return print(JSON.stringify({ allowed, policies, problems }));
  print(allowed ? "allowed" : "denied");
  for (const { id, description } of policies) print(`  by ${id}${description === "" ? "" : `: ${description}`}`);
  if (policies.length === 0) print("  no policy allows it");
  for (const problem of problems) print(`  a policy could not be evaluated: ${problem}`);
}

/** Orgs are named by any text here: policies compare them, and nothing is looked up. */
function readPrincipal(text: string): Principal {
  const operator = /^operator:(?<id>[^@]+)$/.exec(text)?.groups;
  if (operator) return { orgId: "", principalType: "User", principalId: operator.id ?? "", role: "OPERATOR" };
  const worker = /^worker:(?<id>[^@]+)@(?<org>[^:]+)$/.exec(text)?.groups;
  if (worker) return { orgId: worker.org ?? "", principalType: "Worker", principalId: worker.id ?? "" };
  const user = /^user:(?<id>[^@]+)@(?<org>[^:]+)(:(?<role>[A-Z]+))?$/.exec(text)?.groups;
  if (user === undefined) throw new UsageError(`${text} is not a principal\n${usage}`);
  const { id = "", org = "", role } = user;
  return { orgId: org, principalType: "User", principalId: id, ...(role !== undefined && { role }) };
}

function readAction(text: string): ActionName {
  const found = actionNames.find((name) => name === text);
  if (found === undefined) throw new UsageError(`there is no action ${text}\n${usage}`);
  return found;
}

function readResource(text: string | undefined, orgId: string): { orgId: string; facts?: ResourceFacts } {
  if (text === undefined) return { orgId };
  const [org = "", list] = text.split("/", 2);
  const facts: ResourceFacts = {};
  for (const pair of list?.split(",") ?? []) {
    const [name, value] = pair.split("=", 2);
    if ((name !== "id" && name !== "kind" && name !== "queue") || value === undefined) {
      throw new UsageError(`${pair} is not id=…, kind=… or queue=…\n${usage}`);
    }
    facts[name] = value;
  }
  return { orgId: org, facts };
}
