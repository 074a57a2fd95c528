// Goal: kinds, and names that people read in lists and logs, hold no control characters, in whatever request they come.
import { newId } from "@flovyn/domain";
import { CreateOrgRequest, CreateWorkerTokenRequest } from "@flovyn/proto/internal";
import {
  CommandType,
  SignalWithStartWorkflowRequest,
  SignalWorkflowRequest,
  StartChildWorkflowRequest,
  StartWorkflowRequest,
  SubmitWorkflowCommandsRequest,
  TaskCapability,
  WorkerRegistrationRequest,
  WorkflowCapability,
  type WorkflowCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dispatchRpc, Harness } from "./harness.js";

const harness = new Harness();
let parent = "";
beforeAll(async () => {
  await harness.start(1);
  parent = (await harness.running()).id;
});
afterAll(() => harness.stop());

const { orgId } = harness;
const id = newId();
const input = Buffer.from("{}");
const registration = { workerName: "w", workerType: "UNIFIED", orgId };
const register = "flovyn.v1.WorkerLifecycle/RegisterWorker";
const token = { prefix: "p".repeat(16), hash: Buffer.alloc(32), secretId: "s" };

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  fromPartial(message: object): Message;
}

type Case = [field: string, operation: string, request: (name: string) => Uint8Array];

function one<Message>(field: string, operation: string, codec: Codec<Message>, build: (name: string) => object): Case {
  return [field, operation, (name) => codec.encode(codec.fromPartial(build(name))).finish()];
}

const command = (field: string, build: (kind: string) => Partial<WorkflowCommand>): Case =>
  one(`commands[0].${field}`, dispatchRpc("SubmitWorkflowCommands"), SubmitWorkflowCommandsRequest, (kind) => ({
    workflowExecutionId: id,
    status: WorkflowStatus.SUSPENDED,
    commands: [build(kind)],
  }));

const cases: Case[] = [
  one("workflow_kind", dispatchRpc("StartWorkflow"), StartWorkflowRequest, (name) => ({ workflowKind: name, input })),
  one("workflow_kind", dispatchRpc("SignalWithStartWorkflow"), SignalWithStartWorkflowRequest, (name) => ({
    ...{ orgId, workflowId: "key", workflowKind: name, signalName: "s" },
    ...{ workflowInput: input, signalValue: input },
  })),
  one("signal_name", dispatchRpc("SignalWithStartWorkflow"), SignalWithStartWorkflowRequest, (name) => ({
    ...{ orgId, workflowId: "key", workflowKind: "k", signalName: name },
    ...{ workflowInput: input, signalValue: input },
  })),
  one("signal_name", dispatchRpc("SignalWorkflow"), SignalWorkflowRequest, (name) => ({
    ...{ orgId, workflowExecutionId: id, signalName: name, signalValue: input },
  })),
  one("workflow_kind", dispatchRpc("StartChildWorkflow"), StartChildWorkflowRequest, (name) => ({
    ...{
      parentWorkflowExecutionId: parent,
      childExecutionName: "c",
      workflowExecutionIdentifier: { $case: "workflowKind", value: name },
      input,
    },
  })),
  command("schedule_task.kind", (kind) => ({
    commandType: CommandType.SCHEDULE_TASK,
    commandData: { $case: "scheduleTask", value: { kind, taskExecutionId: id, input } as never },
  })),
  command("schedule_child_workflow.workflow_kind", (workflowKind) => ({
    commandType: CommandType.SCHEDULE_CHILD_WORKFLOW,
    commandData: {
      $case: "scheduleChildWorkflow",
      value: { workflowKind, childWorkflowExecutionId: id, childExecutionName: "c", input } as never,
    },
  })),
  one("worker_name", register, WorkerRegistrationRequest, (workerName) => ({ ...registration, workerName })),
  ...(["kind", "name"] as const).flatMap((member): Case[] => [
    one(`workflows[0].${member}`, register, WorkerRegistrationRequest, (name) => ({
      ...registration,
      workflows: [WorkflowCapability.fromPartial({ kind: "k", name: "k", [member]: name })],
    })),
    one(`tasks[0].${member}`, register, WorkerRegistrationRequest, (name) => ({
      ...registration,
      tasks: [TaskCapability.fromPartial({ kind: "k", name: "k", [member]: name })],
    })),
  ]),
  one("name", "internal/CreateOrg", CreateOrgRequest, (name) => ({ name, slug: "slug" })),
  one("displayName", "internal/CreateWorkerToken", CreateWorkerTokenRequest, (name) => ({
    ...token,
    displayName: name,
  })),
];

const controls = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index)];

it.each(cases)("%s of %s is refused with a control character", async (field, operation, request) => {
  for (const code of controls) {
    const refusal = harness.raw(operation, request(`a${String.fromCharCode(code)}b`));
    const character = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    const why =
      code === 0 ? "must not contain the NUL character" : `must not contain control characters, has ${character}`;
    await expect(refusal).rejects.toMatchObject({ code: "InvalidInput", field, message: `${field}: ${why}` });
  }
});
