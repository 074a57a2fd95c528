// Goal: each role may do what its description says, and nothing else. The table is written by hand, so that a change of the
// policies which opens or closes something has to be made here as well.
import { describe, expect, it } from "vitest";
import { type ActionName, actionNames, actions, workerGroups } from "./actions.js";
import { Authorizer, type Principal, promiseTokenId } from "./authorizer.js";

const org = "0190a5c0-0000-7000-8000-000000000001";
const other = "0190a5c0-0000-7000-8000-000000000002";
const user = (role?: string): Principal => ({
  ...{ orgId: org, principalType: "User", principalId: "alice" },
  ...(role !== undefined && { role }),
});

const principals = {
  owner: user("OWNER"),
  admin: user("ADMIN"),
  member: user("MEMBER"),
  "no role": user(),
  viewer: user("VIEWER"),
  worker: { orgId: org, principalType: "Worker", principalId: "w" },
  operator: { orgId: "", principalType: "User", principalId: "root", role: "OPERATOR" },
  "promise token": { orgId: org, principalType: "User", principalId: promiseTokenId },
  "unknown role": user("BOSS"),
  "worker without an org": { orgId: "", principalType: "Worker", principalId: "w" },
  "user without an org": { orgId: "", principalType: "User", principalId: "u", role: "OWNER" },
  service: { orgId: org, principalType: "Service", principalId: "flovyn:gateway" },
} as const satisfies Record<string, Principal>;

/** Letters: Owner Admin Member Viewer Worker oPerator pRomise token. */
const allowed: Readonly<Record<ActionName, string>> = {
  createOrg: "P",
  listOrgs: "OAMVWP*",
  viewOrg: "OAMVWP",
  viewApi: "OAMVWP*",
  viewMetrics: "P",
  createWorkerToken: "OA",
  listWorkerTokens: "OAP",
  revokeWorkerToken: "OAP",
  viewAuditLog: "OAP",
  startWorkflow: "OAMW",
  signalWithStartWorkflow: "OAMW",
  startChild: "OAMW",
  listWorkflowExecutions: "OAMV",
  viewWorkflowExecution: "OAMVW",
  viewWorkflowHistory: "OAMVW",
  viewWorkflowState: "OAMVW",
  queryWorkflow: "OAMVW",
  awaitWorkflowResult: "OAMVW",
  streamWorkflowExecution: "OAMVW",
  signalWorkflow: "OAMW",
  cancelWorkflowExecution: "OAMW",
  cancelExecution: "OAMW",
  submitWorkflowCommands: "OW",
  reportActivationFailure: "OW",
  reportExecutionSpans: "OW",
  viewDefinition: "OAMVW",
  submitTask: "OAMW",
  scheduleTask: "OW",
  viewTaskExecution: "OAMVW",
  streamTaskExecution: "OAMVW",
  viewTaskState: "OAMVW",
  updateTaskState: "OW",
  reportTaskProgress: "OW",
  logTaskMessage: "OW",
  streamTaskData: "OW",
  cancelTaskExecution: "OAMW",
  completeTask: "OW",
  failTask: "OW",
  heartbeatTask: "OW",
  viewPromise: "OAMVW",
  resolvePromise: "OAMWR",
  rejectPromise: "OAMWR",
  createPromiseToken: "OAMW",
  pollWorkflow: "OW",
  pollTask: "OW",
  subscribeToWork: "OW",
  registerWorker: "OW",
  heartbeatWorker: "OW",
  spawnAgent: "OAMW",
  pollAgent: "OW",
  viewAgentExecution: "OAMVW",
  updateAgentExecution: "OW",
  completeAgent: "OW",
  failAgent: "OW",
};

const letters: Readonly<Record<keyof typeof principals, string>> = {
  owner: "O",
  admin: "A",
  member: "M",
  "no role": "M",
  viewer: "V",
  worker: "W",
  operator: "P",
  "promise token": "R",
  // Whoever is known may do what is marked by a star.
  "unknown role": "*",
  "worker without an org": "-",
  "user without an org": "-",
  service: "-",
};

const errors: string[] = [];
const authorizer = new Authorizer({ onError: (problem) => errors.push(problem) });

describe.each(Object.entries(principals) as [keyof typeof principals, Principal][])("%s", (name, principal) => {
  it("may do what the table says in the own org", () => {
    const may = actionNames.filter((action) => authorizer.authorize(principal, action, { orgId: org }).allowed);
    expect(may).toEqual(actionNames.filter((action) => allowed[action].includes(letters[name])));
  });

  it("may do nothing in another org, unless an operator", () => {
    // What is about the server as a whole belongs to no org.
    const ofServer: ActionName[] = ["createOrg", "listOrgs", "viewApi"];
    const may = actionNames.filter((action) => authorizer.authorize(principal, action, { orgId: other }).allowed);
    const wanted = actionNames.filter((action) => {
      const letter = letters[name];
      return (letter === "P" || ofServer.includes(action)) && allowed[action].includes(letter);
    });
    expect(may).toEqual(wanted);
  });
});

describe("the actions of workers", () => {
  const ofWorkers = actionNames.filter((action) => workerGroups.includes(actions[action].group));

  it.each(ofWorkers)("%s is for workers and OWNER alone", (action) => {
    const may = Object.entries(principals).filter(([, principal]) => {
      return authorizer.authorize(principal, action, { orgId: org }).allowed;
    });
    expect(may.map(([name]) => name)).toEqual(["owner", "worker"]);
  });
});

describe("credentials", () => {
  it("are made by those alone who may read the org", () => {
    for (const [name, principal] of Object.entries(principals)) {
      const may = (action: ActionName) => authorizer.authorize(principal, action, { orgId: org }).allowed;
      if (may("createWorkerToken")) expect([name, may("viewWorkflowExecution")]).toEqual([name, true]);
    }
  });
});

describe("decisions", () => {
  it("are made without errors", () => {
    expect(errors).toEqual([]);
  });

  it("name the policy", () => {
    expect(authorizer.authorize(principals.viewer, "viewOrg", { orgId: org })).toEqual({
      allowed: true,
      policyIds: ["viewer"],
    });
    expect(authorizer.decide(principals.worker, "pollTask", { orgId: other })).toEqual({
      allowed: false,
      policyIds: ["org-fence"],
    });
    expect(authorizer.decide(principals.viewer, "startWorkflow", { orgId: org }).policyIds).toEqual([]);
  });

  it("are the same object for the same principal", () => {
    const first = authorizer.authorize(principals.member, "startWorkflow", { orgId: org });
    expect(authorizer.authorize(principals.member, "startWorkflow", { orgId: org })).toBe(first);
  });
});
