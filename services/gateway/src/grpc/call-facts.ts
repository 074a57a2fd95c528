import type { ResourceFacts } from "@flovyn/authz";
import { partReader, requestShape } from "@flovyn/proto/wire";
import { type FactNames, factNames, factsOf } from "../authorization/request-facts.js";
import { type Route, routes } from "./routes.js";

const { start, child, submitTask, poll, workflow, task } = factNames;

/** What requests say of their resource, by RPC. Those that are not there yet say nothing: nothing is carried out. */
export const callFactNames: Readonly<Record<string, FactNames>> = {
  PollWorkflow: poll,
  PollTask: poll,
  SubscribeToNotifications: poll,
  StartWorkflow: start,
  StartChildWorkflow: child,
  SignalWithStartWorkflow: start,
  GetVisualWorkflowDefinitionById: { id: "workflowDefinitionId" },
  ResolvePromise: { id: "promiseId" },
  RejectPromise: { id: "promiseId" },
  SignalWorkflow: workflow,
  GetEvents: workflow,
  SubmitWorkflowCommands: workflow,
  ReportExecutionSpans: {},
  QueryWorkflow: workflow,
  AwaitResult: workflow,
  CancelWorkflow: workflow,
  ReportActivationFailure: workflow,
  SubmitTask: submitTask,
  CompleteTask: task,
  FailTask: task,
  ReportProgress: task,
  Heartbeat: task,
  CancelTask: task,
  LogMessage: task,
  GetState: task,
  SetState: task,
  ClearState: task,
  ClearAllState: task,
  GetStateKeys: task,
  StreamTaskData: task,
  RegisterWorker: {},
  SendHeartbeat: { id: "workerId" },
};

const readers = new Map(
  routes.flatMap(({ name, path, handling }) => {
    const names = callFactNames[name];
    if (names === undefined) {
      if (handling.type === "later") return [];
      throw new Error(`it is not known what requests of ${path} say to policies`);
    }
    const texts = [names.id, names.kind, names.queue].filter((text) => text !== undefined);
    if (texts.length === 0) return [];
    const read = partReader(requestShape(path), Object.fromEntries(texts.map((text) => [text, true] as const)));
    return [[path, { names, read }] as const];
  }),
);

/**
 * What a request says of the resource it is about. It is not decoded for that. A request that cannot be read says nothing;
 * its handler refuses it.
 */
export function readCallFacts(route: Route, request: Uint8Array): ResourceFacts {
  const reader = readers.get(route.path);
  const part = reader?.read(request);
  return reader === undefined || part === undefined ? {} : factsOf(reader.names, part);
}

/** How a request names the resource it is about, in whatever spelling; empty when it does not. */
export function readResourceName(route: Route, request: Uint8Array): string {
  const reader = readers.get(route.path);
  return (reader?.names.id && reader.read(request)?.[reader.names.id]) ?? "";
}
