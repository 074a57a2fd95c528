/** Goal: commands of a submission are held to policies about them, as the decoded submission names them, and cost nothing else. */
import { Authorizer, type ResourceFacts } from "@flovyn/authz";
import {
  ScheduleChildWorkflowCommand,
  ScheduleTaskCommand,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
} from "@flovyn/proto/v1";
import { messageShape } from "@flovyn/proto/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textWire } from "../../test/text-wire.js";
import { type Authorize, createAuthorize } from "../authorization/authorize.js";
import type { PolicyWatch } from "../authorization/policy-watch.js";
import { authorizeCommands } from "./authorize-commands.js";

const worker = { orgId: "acme", principalType: "Worker", principalId: "w" } as const;

/** Policies, and what they are asked about with facts. */
function policiesOf(text: string, mode: "extend" | "replace" = "extend") {
  const authorize = createAuthorize({
    current: new Authorizer({ sources: text === "" ? [] : [{ name: "own.cedar", text }], mode }),
  } as unknown as PolicyWatch);
  const asked: [string, ResourceFacts | undefined][] = [];
  const watched: Authorize = Object.assign(
    (...[caller, action, resource]: Parameters<Authorize>) => {
      asked.push([action, resource.facts]);
      authorize(caller, action, resource);
    },
    { before: authorize.before, beforehand: authorize.beforehand },
  );
  return { asked, check: (bytes: Uint8Array) => authorizeCommands(watched, worker, bytes) };
}

const task = (command: Partial<ScheduleTaskCommand>): WorkflowCommand["commandData"] => ({
  $case: "scheduleTask",
  value: ScheduleTaskCommand.fromPartial(command),
});
const child = (command: Partial<ScheduleChildWorkflowCommand>): WorkflowCommand["commandData"] => ({
  $case: "scheduleChildWorkflow",
  value: ScheduleChildWorkflowCommand.fromPartial(command),
});
const submission = (...commands: WorkflowCommand["commandData"][]) =>
  SubmitWorkflowCommandsRequest.encode({
    ...SubmitWorkflowCommandsRequest.fromPartial({}),
    commands: commands.map((commandData) => ({ commandType: 0, sequenceNumber: 0, commandData })),
  }).finish();

const onlyReports = `
  forbid (principal, action in [Flovyn::Action::"scheduleTask", Flovyn::Action::"startChild"], resource)
  unless { resource has kind && resource.kind like "report-*" };`;

describe("commands", () => {
  it("are not looked at where no policy may refuse them", () => {
    const { asked, check } = policiesOf(`forbid (principal, action == Flovyn::Action::"startWorkflow", resource)
      when { resource has kind && resource.kind == "k" };`);
    const untouched = new Proxy(new Uint8Array(0), { get: () => expect.fail("the submission was read") });
    check(untouched);
    expect(asked).toEqual([]);
  });

  it("are refused by the index and the action of the first that policies refuse", () => {
    const { check } = policiesOf(onlyReports);
    expect(() => check(submission(task({ kind: "report-a" }), child({ workflowKind: "report-b" })))).not.toThrow();
    expect(() => check(submission(task({ kind: "report-a" }), child({ workflowKind: "pay" }), task({})))).toThrow(
      expect.objectContaining({
        ...{ code: "Forbidden", reason: "NOT_ALLOWED", field: "commands[1]" },
        message: "commands[1]: the key does not allow startChild",
      }),
    );
    expect(() => check(submission(undefined, task({ kind: "pay" })))).toThrow(
      "commands[1]: the key does not allow scheduleTask",
    );
  });

  it("are refused where a policy refuses the action whatever it is about, and others go on", () => {
    const { check } = policiesOf(`forbid (principal, action == Flovyn::Action::"startChild", resource);`);
    expect(() => check(submission(task({ kind: "k" })))).not.toThrow();
    expect(() => check(submission(task({ kind: "k" }), child({ workflowKind: "k" })))).toThrow("commands[1]");
  });

  it("need a permit where policies take the place of the roles", () => {
    const submits = `permit (principal, action == Flovyn::Action::"submitWorkflowCommands", resource);`;
    expect(() => policiesOf(submits, "replace").check(submission())).not.toThrow();
    expect(() => policiesOf(submits, "replace").check(submission(task({ kind: "k" })))).toThrow("scheduleTask");
  });

  it("that ask for the same are decided once", () => {
    const { asked, check } = policiesOf(onlyReports);
    const many = Array.from({ length: 500 }, (_, n) => task({ kind: `report-${n % 3}`, queue: "q" }));
    check(submission(...many, ...many.slice(0, 3)));
    expect(asked).toHaveLength(3);
  });

  it("say what the decoded submission says, whatever its bytes are", () => {
    const { asked, check } = policiesOf(onlyReports);
    const texts = fc.constantFrom("", "default", "report-a", "report-b", "payments");
    const shape = messageShape("flovyn.v1.SubmitWorkflowCommandsRequest");
    fc.assert(
      fc.property(textWire(shape, texts), (bytes) => {
        asked.length = 0;
        const all = SubmitWorkflowCommandsRequest.decode(bytes).commands.flatMap(factsOfCommand);
        const refused = all.findIndex(([, { kind }]) => !kind?.startsWith("report-"));
        if (refused < 0) check(bytes);
        else expect(() => check(bytes)).toThrow("the key does not allow");
        const wanted = refused < 0 ? all : all.slice(0, refused + 1);
        expect(asked).toEqual(wanted.filter((one, at) => wanted.findIndex((other) => same(one, other)) === at));
      }),
      { numRuns: 500 },
    );
  });
});

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** No queue is that of the workflow; so is `default` for children, and not for tasks. */
function factsOfCommand({ commandData }: WorkflowCommand): [string, ResourceFacts][] {
  const some = (kind: string | undefined, queue: string | undefined) => ({
    ...(kind && { kind }),
    ...(queue && { queue }),
  });
  if (commandData?.$case === "scheduleTask") {
    return [["scheduleTask", some(commandData.value.kind, commandData.value.queue)]];
  }
  if (commandData?.$case !== "scheduleChildWorkflow") return [];
  const { workflowKind, queue } = commandData.value;
  return [["startChild", some(workflowKind, queue === "default" ? "" : queue)]];
}
