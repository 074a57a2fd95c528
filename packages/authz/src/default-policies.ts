/** The roles, as policies. Files of the configuration add to them or take their place. */
export const defaultPolicies = `
@id("owner")
@description("An owner does anything in the own org.")
permit (principal is Flovyn::User, action, resource)
when { principal.role == "OWNER" && resource in principal.org };

@id("admin")
@description("An administrator runs, changes and manages everything in the own org, and does not pose as a worker.")
permit (
  principal is Flovyn::User,
  action in [
    Flovyn::Action::"view", Flovyn::Action::"list", Flovyn::Action::"create", Flovyn::Action::"update",
    Flovyn::Action::"delete", Flovyn::Action::"execute", Flovyn::Action::"manage"
  ],
  resource
)
when { principal.role == "ADMIN" && resource in principal.org };

@id("member")
@description("A member sees and runs everything in the own org.")
permit (
  principal is Flovyn::User,
  action in [
    Flovyn::Action::"view", Flovyn::Action::"list", Flovyn::Action::"execute", Flovyn::Action::"submitTask"
  ],
  resource
)
when { principal.role == "MEMBER" && resource in principal.org };

@id("member-steers")
@description("A member signals, cancels and settles what runs.")
permit (
  principal is Flovyn::User,
  action in [
    Flovyn::Action::"signalWorkflow", Flovyn::Action::"cancelWorkflowExecution", Flovyn::Action::"cancelExecution",
    Flovyn::Action::"cancelTaskExecution", Flovyn::Action::"resolvePromise", Flovyn::Action::"rejectPromise",
    Flovyn::Action::"createPromiseToken"
  ],
  resource
)
when { principal.role == "MEMBER" && resource in principal.org };

@id("viewer")
@description("A viewer sees everything in the own org.")
permit (principal is Flovyn::User, action in [Flovyn::Action::"view", Flovyn::Action::"list"], resource)
when { principal.role == "VIEWER" && resource in principal.org };

@id("worker")
@description("A worker takes work, reports on it, and does what workflows and clients of its code do.")
permit (
  principal is Flovyn::Worker,
  action in [
    Flovyn::Action::"poll", Flovyn::Action::"complete", Flovyn::Action::"fail", Flovyn::Action::"heartbeat",
    Flovyn::Action::"work", Flovyn::Action::"execute", Flovyn::Action::"view", Flovyn::Action::"create",
    Flovyn::Action::"update"
  ],
  resource
)
when { resource in principal.org };

@id("operator")
@description("An operator belongs to no org: creates orgs, reads the audit log of any, and revokes credentials but makes none.")
permit (
  principal is Flovyn::Operator,
  action in [
    Flovyn::Action::"createOrg", Flovyn::Action::"listOrgs", Flovyn::Action::"viewOrg", Flovyn::Action::"viewApi",
    Flovyn::Action::"viewMetrics", Flovyn::Action::"listWorkerTokens", Flovyn::Action::"revokeWorkerToken",
    Flovyn::Action::"viewAuditLog"
  ],
  resource
);

@id("promise-token")
@description("A promise token settles its promise.")
permit (
  principal is Flovyn::PromiseToken,
  action in [Flovyn::Action::"resolvePromise", Flovyn::Action::"rejectPromise"],
  resource
)
when { resource in principal.org };

@id("everybody")
@description("Whoever is known lists the orgs that are the own ones, and reads the description of the interface.")
permit (
  principal,
  action in [Flovyn::Action::"listOrgs", Flovyn::Action::"viewApi"],
  resource
)
when { principal is Flovyn::User || principal is Flovyn::Worker };
`;

/** Holds whatever other policies say, so that no file can open one org to another. */
export const orgFence = `
@id("org-fence")
@description("Nobody of one org reaches anything of another.")
forbid (principal, action, resource)
when { principal has org && resource has org && principal.org != resource.org };
`;
