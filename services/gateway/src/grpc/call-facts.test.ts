/**
 * Goal: policies see of a call what the service carries out, and every member that names a kind, a queue or an id.
 * Approach: arbitrary bytes of every RPC against what its decoded request says, with the rules of the services written down
 * once more; and a walk over the descriptors, so that a member that is added has to be looked at here.
 */
import type { ResourceFacts } from "@flovyn/authz";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import type { StartChildWorkflowRequest } from "@flovyn/proto/v1";
import { type MessageShape, requestShape } from "@flovyn/proto/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textWire } from "../../test/text-wire.js";
import { factNames } from "../authorization/request-facts.js";
import { callFactNames, readCallFacts } from "./call-facts.js";
import { routes } from "./routes.js";

const rpcs = [...publishedRpcs, ...extensionRpcs];
const routeOf = (operation: string) => routes.find(({ path }) => path === operation) ?? expect.fail(operation);
const isLater = (operation: string) => routeOf(operation).handling.type === "later";

const id = "0190a5c0-0000-7000-8000-00000000000a";
const spellings = [id, id.toUpperCase(), `{fp:3}:${id}`, `{fp:3}:${id.toUpperCase()}`, `id:${id}`];
const noIds = [`key:${id}`, `${id}:approval`, `{fp:256}:${id}`, `${id} `, ` ${id}`, "nonsense"];
const texts = fc.oneof(
  fc.constantFrom("", "default", "Default", "payments", ...spellings, ...noIds),
  fc.string({ unit: "binary", maxLength: 3 }),
);

type Decoded = Readonly<Record<string, unknown>>;
type Rule = (request: Decoded) => { id?: unknown; kind?: unknown; queue?: unknown };
const start: Rule = ({ workflowKind, queue }) => ({ kind: workflowKind, queue: queue === "" ? "default" : queue });
const poll: Rule = ({ queue }) => ({ queue });

/** How services read the requests that name a kind or a queue; `undefined` and "" are nothing. */
const rules: Readonly<Record<string, Rule>> = {
  StartWorkflow: start,
  SignalWithStartWorkflow: start,
  StartChildWorkflow: (request) => {
    const { workflowExecutionIdentifier: what, queue } = request as unknown as StartChildWorkflowRequest;
    // Without a queue of its own a child has that of its parent, and `default` is none of its own.
    return { kind: what?.$case === "workflowKind" ? what.value : "", queue: queue === "default" ? "" : queue };
  },
  SubmitTask: ({ kind, queue }) => ({ kind, queue: queue === "" ? "default" : queue }),
  PollWorkflow: poll,
  PollTask: poll,
  SubscribeToNotifications: poll,
  ResolvePromise: ({ promiseId }) => ({ id: promiseId }),
  RejectPromise: ({ promiseId }) => ({ id: promiseId }),
  SendHeartbeat: ({ workerId }) => ({ id: workerId }),
  GetVisualWorkflowDefinitionById: ({ workflowDefinitionId }) => ({ id: workflowDefinitionId }),
  ReportExecutionSpans: () => ({}),
  RegisterWorker: () => ({}),
  // A task that streams to a workflow is what the call is about.
  StreamTaskData: ({ taskExecutionId }) => ({ id: taskExecutionId }),
};
/** Of the others: the execution that they name. */
const execution: Rule = ({ workflowExecutionId, taskExecutionId }) => ({ id: workflowExecutionId ?? taskExecutionId });

function wantedFacts(name: string, request: object): ResourceFacts {
  const said = (rules[name] ?? execution)(request as Decoded);
  const isId = spellings.includes(said.id as string);
  const some = Object.entries({ ...said, id: isId ? id : undefined }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(some.filter(([, value]) => value !== "")) as ResourceFacts;
}

describe("what a call says of its resource", () => {
  it.each(rpcs.map((rpc) => [rpc.operation, rpc] as const))(
    "is what its decoded request says: %s",
    (operation, { name, requestType }) => {
      fc.assert(
        fc.property(textWire(requestShape(operation), texts), (bytes) => {
          // What is not there yet carries nothing out.
          const wanted = isLater(operation) ? {} : wantedFacts(name, requestType.decode(bytes));
          expect(readCallFacts(routeOf(operation), bytes)).toEqual(wanted);
        }),
        { numRuns: 300 },
      );
    },
  );

  it("is nothing where the request cannot be read", () => {
    expect(readCallFacts(routeOf("flovyn.v1.WorkflowDispatch/SignalWorkflow"), Buffer.from([0xff, 0xff]))).toEqual({});
  });
});

/** Members that name a kind, a queue or an id, and say nothing to policies. */
const silent: Readonly<Record<string, string>> = {
  "*.org_id": "The org is that of the credential; a request that names another is refused.",
  "*.worker_pool_id": "Pools are not there yet: polls that name one are refused, tasks that do are not held to it.",
  "*.workflow_definition_id": "Definitions cannot be started: such a start is refused, or goes by its kind.",
  "PollRequest.worker_id": "Who polls, not what is polled. The principal is that of the credential.",
  "PollTaskRequest.worker_id": "As in PollRequest.",
  "SubscriptionRequest.worker_id": "As in PollRequest.",
  "PollRequest.workflow_capabilities": "A filter of many kinds, by which a poll asks for less than its queue holds.",
  "StartWorkflowRequest.parent_workflow_execution_id": "What the new one belongs to; the resource is the new one.",
  "StartChildWorkflowRequest.parent_workflow_execution_id": "As in StartWorkflowRequest.",
  "SubmitTaskRequest.workflow_execution_id": "What the new task belongs to; the resource is the new one.",
  "SignalWithStartWorkflowRequest.workflow_id":
    "An idempotency key: which execution holds it is for the database to say.",
  "SignalWithStartWorkflowRequest.signal_id": "Tells two signals apart.",
  "SignalWorkflowRequest.signal_id": "Tells two signals apart.",
  "StreamTaskDataRequest.workflow_execution_id": "The task is the resource; the server knows its workflow.",
  "ScheduleTaskCommand.task_execution_id": "Chosen by the worker for the new task.",
  "ScheduleChildWorkflowCommand.child_workflow_execution_id": "Chosen by the worker for the new child.",
  "CreatePromiseCommand.promise_id": "A name in the workflow that submits.",
  "ResolvePromiseCommand.promise_id": "A workflow settles promises by its submission, which is about the workflow.",
  "StartTimerCommand.timer_id": "A name in the workflow that submits.",
  "CancelTimerCommand.timer_id": "A name in the workflow that submits.",
  "RequestCancelChildWorkflowCommand.child_workflow_execution_id": "A child of the workflow that submits.",
  "ExecutionSpan.span_id": "Of a trace.",
  "ExecutionSpan.parent_span_id": "Of a trace.",
  "ExecutionSpan.workflow_id": "A report is about many executions, and changes none.",
  "ExecutionSpan.task_id": "As workflow_id.",
  "WorkerRegistrationRequest.team_id": "A label of the worker.",
  "WorkerRegistrationRequest.process_id": "A label of the worker.",
  "WorkflowCapability.kind": "A registration names many kinds, and gives no work out: polls do, by their queue.",
  "TaskCapability.kind": "As in WorkflowCapability.",
  "AgentCapability.kind": "As in WorkflowCapability.",
  "WorkerHeartbeatRequest.workflow_kinds": "As in WorkflowCapability.",
  "WorkerHeartbeatRequest.task_kinds": "As in WorkflowCapability.",
};

describe("every member of a request that names a kind, a queue or an id", () => {
  const naming = /(^|_)(kinds?|queues?|ids?|capabilities)$/;
  const facts = new Set<string>();
  const named = new Set<string>();
  const walk = (shape: MessageShape) => {
    for (const { name, type, message } of shape.fields.values()) {
      if (type === "text" && naming.test(name)) named.add(`${shortName(shape)}.${name}`);
      if (message !== undefined) walk(message);
    }
  };
  const add = (shape: MessageShape, names: object) => {
    const properties = new Set<unknown>(Object.values(names));
    for (const field of shape.fields.values()) {
      if (properties.has(field.property)) facts.add(`${shortName(shape)}.${field.name}`);
    }
  };
  for (const { operation, name } of rpcs.filter((rpc) => !isLater(rpc.operation))) {
    const shape = requestShape(operation);
    walk(shape);
    add(shape, callFactNames[name] ?? expect.fail(`${operation} has no facts`));
    const commands = [...shape.fields.values()].find((field) => field.name === "commands")?.message;
    for (const { name: command, message } of commands?.fields.values() ?? []) {
      if (command === "schedule_task" && message !== undefined) add(message, factNames.scheduledTask);
      if (command === "schedule_child_workflow" && message !== undefined) add(message, factNames.child);
    }
  }

  it.each([...named])("says something to policies, or there is a reason: %s", (member) => {
    const reason = silent[member] ?? silent[`*.${member.split(".")[1]}`];
    expect([facts.has(member), reason !== undefined]).toContain(true);
    // A reason for what does say something would be wrong. A definition is the resource of one call.
    if (member !== "GetVisualWorkflowDefinitionByIdRequest.workflow_definition_id") {
      expect([facts.has(member), reason !== undefined]).toContain(false);
    }
  });

  it("is there for each reason", () => {
    const members = Object.keys(silent).map((member) => member.replace("*.", "."));
    expect(members.filter((member) => ![...named].some((one) => one.endsWith(member)))).toEqual([]);
  });

  it("has been found by the walk, also in commands and in registrations", () => {
    expect([...named]).toEqual(expect.arrayContaining(["ScheduleTaskCommand.queue", "TaskCapability.kind"]));
    expect([...facts]).toEqual(expect.arrayContaining(["ScheduleChildWorkflowCommand.workflow_kind"]));
  });

  it("of an RPC that is not there yet is to be looked at when it is", () => {
    for (const { operation, name } of rpcs) {
      expect([name, callFactNames[name] === undefined]).toEqual([name, isLater(operation)]);
    }
  });
});

function shortName({ name }: MessageShape): string {
  return name.replace(/^.*\./, "");
}
