import { describe, expect, it } from "vitest";
import { actionNames } from "./actions.js";
import { Authorizer, type Principal } from "./authorizer.js";
import { PolicyError, type PolicySource } from "./policy-set.js";

const org = "acme";
const worker: Principal = { orgId: org, principalType: "Worker", principalId: "w1" };
const member: Principal = { orgId: org, principalType: "User", principalId: "alice", role: "MEMBER" };
const source = (text: string, name = "own.cedar"): PolicySource => ({ name, text });

function problemsOf(...sources: PolicySource[]): readonly string[] {
  try {
    new Authorizer({ sources });
  } catch (error) {
    if (error instanceof PolicyError) return error.problems;
    throw error;
  }
  return [];
}

describe("policies of files", () => {
  it("add to the roles, and a forbid wins", () => {
    const forbid = source(`@id("no-cancel") forbid (
      principal is Flovyn::User, action == Flovyn::Action::"cancelWorkflowExecution", resource
    ) unless { principal.role == "OWNER" };`);
    const authorizer = new Authorizer({ sources: [forbid] });
    expect(actionNames.filter((action) => authorizer.attributes(action).size > 0)).toEqual([]);
    expect(authorizer.authorize(member, "signalWorkflow", { orgId: org }).allowed).toBe(true);
    expect(authorizer.authorize(member, "cancelWorkflowExecution", { orgId: org })).toEqual({
      allowed: false,
      policyIds: ["no-cancel"],
    });
  });

  it("take the place of the roles, but not of the fence between orgs", () => {
    const everything = source("permit (principal, action, resource);");
    const authorizer = new Authorizer({ sources: [everything], mode: "replace" });
    expect(authorizer.authorize(member, "pollTask", { orgId: org }).policyIds).toEqual(["own.cedar#1"]);
    expect(authorizer.authorize(member, "pollTask", { orgId: "other" })).toEqual({
      allowed: false,
      policyIds: ["org-fence"],
    });
  });

  it("may look at kind, queue and id, which are asked for only then", () => {
    const payments = source(`
      forbid (principal == Flovyn::Worker::"acme/w1", action in Flovyn::Action::"poll", resource)
      unless { resource has queue && resource.queue == "payments" };`);
    const authorizer = new Authorizer({ sources: [payments] });
    expect(authorizer.attributes("pollTask")).toEqual(new Set(["queue"]));
    expect(authorizer.attributes("startWorkflow")).toEqual(new Set());
    const poll = (queue?: string) =>
      authorizer.authorize(worker, "pollTask", { orgId: org, facts: queue === undefined ? {} : { queue } }).allowed;
    expect([poll("payments"), poll("orders"), poll()]).toEqual([true, false, false]);
    const byId = source(`forbid (principal, action, resource == Flovyn::WorkflowExecution::"01");`);
    expect(new Authorizer({ sources: [byId] }).attributes("signalWorkflow")).toEqual(new Set(["id"]));
    const byKind = source(
      `forbid (principal, action, resource) when { resource has kind && resource.kind like "pay-*" };`,
    );
    const kinds = new Authorizer({ sources: [byKind] });
    expect(kinds.attributes("startWorkflow")).toEqual(new Set(["kind"]));
    const start = (kind: string) => kinds.authorize(member, "startWorkflow", { orgId: org, facts: { kind } }).allowed;
    expect([start("pay-out"), start("ship")]).toEqual([false, true]);
  });

  it.each([
    ['action == Flovyn::Action::"pollTask"', ["pollTask"]],
    ['action in Flovyn::Action::"poll"', ["pollWorkflow", "pollTask", "subscribeToWork", "pollAgent"]],
    [
      'action in [Flovyn::Action::"startChild", Flovyn::Action::"complete"]',
      ["startChild", "completeTask", "completeAgent"],
    ],
    ["action", actionNames],
  ])("look at requests of the actions in their head alone: %s", (head, wanted) => {
    const text = `forbid (principal, ${head}, resource) when { resource has kind && resource.kind == "k" };`;
    const authorizer = new Authorizer({ sources: [source(text)] });
    const found = actionNames.filter((action) => authorizer.attributes(action).size > 0);
    expect(found.toSorted()).toEqual([...wanted].toSorted());
  });

  it("let operators make worker tokens where one says so", () => {
    const operator: Principal = { orgId: "", principalType: "User", principalId: "root", role: "OPERATOR" };
    const text = `permit (principal is Flovyn::Operator, action == Flovyn::Action::"createWorkerToken", resource);`;
    const may = (authorizer: Authorizer) => authorizer.authorize(operator, "createWorkerToken", { orgId: org }).allowed;
    expect([may(new Authorizer()), may(new Authorizer({ sources: [source(text)] }))]).toEqual([false, true]);
  });

  it.each([
    ["what is no policy", "permit (principal, action);", /^own\.cedar:1: /],
    ["an unknown action", '\n\npermit (principal, action == Flovyn::Action::"fly", resource);', /^own\.cedar:3: .*fly/],
    [
      "an unknown attribute",
      "permit (principal, action, resource) when { principal.rank == 1 };",
      /^own\.cedar:1: .*rank/,
    ],
    [
      "an optional attribute without has",
      'permit (principal, action, resource is Flovyn::Queue) when { resource.queue == "q" };',
      /queue/,
    ],
    ["an unknown type", "permit (principal is Flovyn::Robot, action, resource);", /Robot/],
    ["a template", "permit (principal == ?principal, action, resource);", /template/i],
  ])("are refused with %s, with file and line", (_name, text, problem) => {
    const problems = problemsOf(source(text));
    expect(problems).not.toEqual([]);
    expect(problems.join("\n")).toMatch(problem);
  });

  it.each([
    ["brackets", `permit (principal, action, resource) when { ${"(".repeat(300)}true${")".repeat(300)} };`],
    ["signs", `permit (principal, action, resource) when { ${"!".repeat(300)}true };`],
  ])("nested too deep by %s are refused before they can end the parser", (_name, text) => {
    expect(problemsOf(source(text))).toEqual(["own.cedar: is nested more than 40 deep"]);
    expect(new Authorizer().authorize(member, "startWorkflow", { orgId: org }).allowed).toBe(true);
  });

  it.each(["__proto__", "", "a b", "-x"])("have no id such as %j", (id) => {
    expect(problemsOf(source(`@id("${id}") forbid (principal, action, resource);`))).toHaveLength(1);
  });

  it("are not asked about texts that no request may hold", () => {
    const kinds = source(
      `permit (principal, action, resource) when { resource has kind && resource.kind like "*a*b*" };`,
    );
    const authorizer = new Authorizer({ sources: [kinds], mode: "replace" });
    const start = (kind: string) => authorizer.authorize(member, "startWorkflow", { orgId: org, facts: { kind } });
    expect(start("ab").allowed).toBe(true);
    expect(start(`ab${"x".repeat(600)}`)).toEqual({ allowed: false, policyIds: [] });
  });

  it("need ids of their own", () => {
    const twice = '@id("owner") permit (principal is Flovyn::User, action == Flovyn::Action::"createOrg", resource);';
    expect(problemsOf(source(twice))).toEqual(["own.cedar: there is another policy with the id owner"]);
  });
});

describe("before a request is read", () => {
  const looks = 'resource has kind && resource.kind == "report"';
  const beforehand = (text: string, mode: "extend" | "replace" = "extend", principal = member) =>
    new Authorizer({ sources: [source(text)], mode }).beforehand(principal, "startWorkflow", org);

  it.each([
    ["a role allows and no policy looks at requests", "", "allowed"],
    ["a role allows and a policy may forbid", `forbid (principal, action, resource) when { ${looks} };`, "open"],
    [
      "a role allows and a policy about another action looks",
      `forbid (principal, action == Flovyn::Action::"pollTask", resource) when { ${looks} };`,
      "allowed",
    ],
    [
      "a policy forbids whatever a request says",
      `forbid (principal, action, resource); permit (principal, action, resource) when { ${looks} };`,
      "denied",
    ],
  ])("it is known what comes of it where %s", (_name, text, wanted) => {
    expect(beforehand(text)).toBe(wanted);
  });

  it("who has no permit is denied, unless a policy may permit for what a request says", () => {
    const viewer = { ...member, role: "VIEWER" };
    expect(beforehand(`forbid (principal, action, resource) when { ${looks} };`, "extend", viewer)).toBe("denied");
    expect(beforehand(`permit (principal, action, resource) when { ${looks} };`, "extend", viewer)).toBe("open");
    expect(beforehand(`permit (principal, action, resource) when { ${looks} };`, "replace")).toBe("open");
    const other = `permit (principal, action == Flovyn::Action::"pollTask", resource) when { ${looks} };`;
    expect(beforehand(other, "replace")).toBe("denied");
  });

  it("a denial holds for every request, and an open question for none", () => {
    const own = source(`
      forbid (principal, action in Flovyn::Action::"execute", resource) unless { ${looks} };
      permit (principal is Flovyn::User, action == Flovyn::Action::"pollTask", resource) when { ${looks} };
      forbid (principal is Flovyn::Worker, action == Flovyn::Action::"completeTask", resource);`);
    const authorizer = new Authorizer({ sources: [own] });
    for (const principal of [member, worker, { ...member, role: "OWNER" }, { ...member, role: "VIEWER" }]) {
      for (const action of actionNames) {
        const may = [{}, { kind: "report" }, { kind: "order" }].map(
          (facts) => authorizer.decide(principal, action, { orgId: org, facts }).allowed,
        );
        const said = authorizer.beforehand(principal, action, org);
        const at = `${principal.principalId} ${action}`;
        if (said !== "open") expect([at, ...may]).toEqual([at, ...may.map(() => said === "allowed")]);
        else expect([at, authorizer.attributes(action).size]).toEqual([at, 1]);
      }
    }
  });
});

describe("errors while deciding", () => {
  it("deny, also where another policy allows", () => {
    const problems: string[] = [];
    const overflows = source(
      `@id("broken") permit (principal is Flovyn::User, action, resource)
       when { 9223372036854775807 + (if principal.role == "MEMBER" then 1 else 0) > 0 };`,
    );
    const authorizer = new Authorizer({ sources: [overflows], onError: (problem) => problems.push(problem) });
    expect(authorizer.authorize(member, "startWorkflow", { orgId: org }).allowed).toBe(false);
    expect(problems.join()).toContain("broken");
  });
});
