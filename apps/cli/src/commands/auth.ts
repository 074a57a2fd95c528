import { type ActionName, Authorizer, actionNames, actions, type Principal, type ResourceFacts } from "@flovyn/authz";
import { readPolicyFiles } from "@flovyn/gateway";
import { loadConfig } from "@flovyn/runtime";
import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { withExamples } from "../command-line/examples.js";
import { print, printLines } from "../print.js";

const usage = "see `flovyn auth explain --help`";

/** `flovyn auth explain`: which policy decides, with the policies of the configuration. `flovyn auth actions` lists actions. */
export function addAuth(program: Command): void {
  const auth = program.command("auth").description("what policies decide, without a server");
  const explain = auth
    .command("explain")
    .description("say which policy decides")
    .argument("<principal>", "user:alice@acme:ADMIN, worker:w1@acme, operator:root")
    .argument("<action>", "as `auth actions` lists them")
    .argument("[resource]", "acme, or acme/kind=order,queue=payments,id=…; left out, that of the principal")
    .option("--config <file>", "configuration with own policies (CONFIG_FILE)")
    .option("--json", "one line of JSON");
  withExamples(
    explain,
    "auth explain user:alice@acme:VIEWER startWorkflow",
    "auth explain worker:w1@acme pollTask acme/queue=payments --config flovyn.toml",
  ).action(explainDecision);
  const list = auth.command("actions").description("list the actions that policies may speak of");
  withExamples(list, "auth actions").action(() =>
    printLines(actionNames.map((name) => `${name} (${actions[name].group}, ${actions[name].resource})`)),
  );
}

interface ExplainOptions {
  config?: string;
  json?: boolean;
}

async function explainDecision(who: string, what: string, target: string | undefined, options: ExplainOptions) {
  const principal = readPrincipal(who);
  const action = readAction(what);
  const resource = readResource(target, principal.orgId);
  const { cedar } = loadConfig({ configFile: options.config }).auth;
  const problems: string[] = [];
  const sources = cedar.policies.length === 0 ? [] : await readPolicyFiles(cedar.policies);
  const mode = sources.length === 0 ? "extend" : cedar.mode;
  refuseUnknownRole(principal, sources.length > 0);
  const authorizer = new Authorizer({ sources, mode, onError: (problem) => problems.push(problem) });
  const { allowed, policyIds } = authorizer.decide(principal, action, resource);
  const { descriptions } = authorizer.policies;
  const policies = policyIds.map((id) => ({ id, description: descriptions.get(id) ?? "" }));
  if (options.json) return print(JSON.stringify({ allowed, policies, problems }));
  print(allowed ? "allowed" : "denied");
  for (const { id, description } of policies) print(`  by ${id}${description === "" ? "" : `: ${description}`}`);
  if (policies.length === 0) print("  no policy allows it");
  for (const problem of problems) print(`  a policy could not be evaluated: ${problem}`);
}

const knownRoles = ["OWNER", "ADMIN", "MEMBER", "VIEWER"];

/** Own policies may speak of roles of their own; the policies of the server deny every other role everything. */
function refuseUnknownRole({ role }: Principal, ownPolicies: boolean): void {
  if (role === undefined || role === "OPERATOR" || knownRoles.includes(role) || ownPolicies) return;
  throw new UsageError(`principal: ${role} is no role: it is one of ${knownRoles.join(", ")}`);
}

/** Orgs are named by any text here: policies compare them, and nothing is looked up. */
function readPrincipal(text: string): Principal {
  const operator = /^operator:(?<id>[^@]+)$/.exec(text)?.groups;
  if (operator) return { orgId: "", principalType: "User", principalId: operator.id ?? "", role: "OPERATOR" };
  const worker = /^worker:(?<id>[^@]+)@(?<org>[^:]+)$/.exec(text)?.groups;
  if (worker) return { orgId: worker.org ?? "", principalType: "Worker", principalId: worker.id ?? "" };
  const user = /^user:(?<id>[^@]+)@(?<org>[^:]+)(:(?<role>.+))?$/.exec(text)?.groups;
  if (user === undefined) throw new UsageError(`${text} is not a principal: ${usage}`);
  const { id = "", org = "", role } = user;
  return { orgId: org, principalType: "User", principalId: id, ...(role !== undefined && { role }) };
}

function readAction(text: string): ActionName {
  const found = actionNames.find((name) => name === text);
  if (found === undefined) throw new UsageError(`there is no action ${text}: \`flovyn auth actions\` lists them`);
  return found;
}

function readResource(text: string | undefined, orgId: string): { orgId: string; facts?: ResourceFacts } {
  if (text === undefined) return { orgId };
  const [org = "", list] = text.split("/", 2);
  const facts: ResourceFacts = {};
  for (const pair of list?.split(",") ?? []) {
    const [name, value] = pair.split("=", 2);
    if ((name !== "id" && name !== "kind" && name !== "queue") || value === undefined) {
      throw new UsageError(`${pair} is not id=…, kind=… or queue=…: ${usage}`);
    }
    facts[name] = value;
  }
  return { orgId: org, facts };
}
