/** Goal: commands of a submission are held to policies about them, as the decoded submission names them, and cost nothing else. */
import { Authorizer, type ResourceFacts } from "@flovyn/authz";
import { commandsPerSubmissionMax } from "@flovyn/domain";
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
import { callBytes } from "../rate/call-limits.js";
import { authorizeCommands, decisionsPerSubmissionMax } from "./authorize-commands.js";

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
  const charge = (_caller: unknown, bytes: number) => {
    charged.bytes += bytes;
  };
  const charged = { bytes: 0 };
  return {
    asked,
    charged,
    check: (bytes: Uint8Array) => authorizeCommands({ authorize: watched, charge }, worker, bytes),
  };
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
  it("are not looked at where no policy may refuse them", async () => {
    const { asked, check } = policiesOf(`forbid (principal, action == Flovyn::Action::"startWorkflow", resource)
      when { resource has kind && resource.kind == "k" };`);
    const untouched = new Proxy(new Uint8Array(0), { get: () => expect.fail("the submission was read") });
    await check(untouched);
    expect(asked).toEqual([]);
  });

  it("are refused by the index and the action of the first that policies refuse", async () => {
    const { check } = policiesOf(onlyReports);
    await expect(
      check(submission(task({ kind: "report-a" }), child({ workflowKind: "report-b" }))),
    ).resolves.toBeUndefined();
    await expect(
      check(submission(task({ kind: "report-a" }), child({ workflowKind: "pay" }), task({}))),
    ).rejects.toThrow(
      expect.objectContaining({
        ...{ code: "Forbidden", reason: "NOT_ALLOWED", field: "commands[1]" },
        message: "commands[1]: the key does not allow startChild",
      }),
    );
    await expect(check(submission(undefined, task({ kind: "pay" })))).rejects.toThrow(
      "commands[1]: the key does not allow scheduleTask",
    );
  });

  it("are refused where a policy refuses the action whatever it is about, and others go on", async () => {
    const { check } = policiesOf(`forbid (principal, action == Flovyn::Action::"startChild", resource);`);
    await expect(check(submission(task({ kind: "k" })))).resolves.toBeUndefined();
    await expect(check(submission(task({ kind: "k" }), child({ workflowKind: "k" })))).rejects.toThrow("commands[1]");
  });

  it("need a permit where policies take the place of the roles", async () => {
    const submits = `permit (principal, action == Flovyn::Action::"submitWorkflowCommands", resource);`;
    await expect(policiesOf(submits, "replace").check(submission())).resolves.toBeUndefined();
    await expect(policiesOf(submits, "replace").check(submission(task({ kind: "k" })))).rejects.toThrow("scheduleTask");
  });

  it("that ask for the same are decided once", async () => {
    const { asked, check } = policiesOf(onlyReports);
    const many = Array.from({ length: 500 }, (_, n) => task({ kind: `report-${n % 3}`, queue: "q" }));
    await check(submission(...many, ...many.slice(0, 3)));
    expect(asked).toHaveLength(3);
  });

  it("are refused together where they are more than a submission may have, before policies are asked", async () => {
    const { asked, check } = policiesOf(onlyReports);
    const many = Array.from({ length: commandsPerSubmissionMax + 1 }, () => task({ kind: "report-a" }));
    await expect(check(submission(...many))).rejects.toThrow(
      expect.objectContaining({ code: "InvalidInput", message: "commands: must have at most 10000, has 10001" }),
    );
    expect(asked).toEqual([]);
  });

  it("are decided up to a bound, each new decision as dear as a call, and others have turns between", async () => {
    const { asked, charged, check } = policiesOf(onlyReports);
    const many = (count: number) =>
      submission(...Array.from({ length: count }, (_, n) => task({ kind: `report-${n}` })));
    let turns = 0;
    const count = () => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    await check(many(decisionsPerSubmissionMax));
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(decisionsPerSubmissionMax / 50 - 1);
    expect(charged.bytes).toBe(decisionsPerSubmissionMax * callBytes);
    asked.length = 0;
    await expect(check(many(decisionsPerSubmissionMax + 1))).rejects.toThrow(
      "commands: must ask for at most 1000 different kinds and queues where policies look at them",
    );
    expect(asked).toHaveLength(decisionsPerSubmissionMax);
  });

  it("say what the decoded submission says, whatever its bytes are", async () => {
    const { asked, check } = policiesOf(onlyReports);
    const texts = fc.constantFrom("", "default", "report-a", "report-b", "payments");
    const shape = messageShape("flovyn.v1.SubmitWorkflowCommandsRequest");
    await fc.assert(
      fc.asyncProperty(textWire(shape, texts), async (bytes) => {
        asked.length = 0;
        const all = SubmitWorkflowCommandsRequest.decode(bytes).commands.flatMap(factsOfCommand);
        const refused = all.findIndex(([, { kind }]) => !kind?.startsWith("report-"));
        if (refused < 0) await check(bytes);
        else await expect(check(bytes)).rejects.toThrow("the key does not allow");
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
