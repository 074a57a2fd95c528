import { CommandType, type WorkflowEvent } from "@flovyn/proto/v1";
import type { WakeName } from "../job.js";
import { complete, suspend } from "./submissions.js";
import type { Activation, Decide } from "./worker.js";

/** Waits for signals, or for promises that it creates in its first activation, and completes when it has seen all of them. */
export function decideWakes(options: {
  wake: WakeName;
  wakesPerWorkflow: number;
  /** Called for every wake that the history holds, in each activation again. */
  onSeen: (wake: { workflowId: string; part: number }, activation: Activation) => void;
}): Decide {
  const { wake, wakesPerWorkflow, onSeen } = options;
  return (activation) => {
    const { execution, events } = activation;
    const isFirst = events.every(({ eventType }) => eventType === "WORKFLOW_STARTED");
    if (isFirst && wake === "promise") return suspend(activation, createPromises(wakesPerWorkflow));
    const seen = events.map((event) => partOf(wake, event)).filter((part) => part !== undefined);
    for (const part of seen) onSeen({ workflowId: execution.id, part }, activation);
    return seen.length < wakesPerWorkflow ? suspend(activation) : complete(activation, execution.input);
  };
}

function createPromises(count: number) {
  return Array.from({ length: count }, (_, part) => ({
    commandType: CommandType.CREATE_PROMISE,
    commandData: { $case: "createPromise" as const, value: { promiseId: `part-${part}` } },
  }));
}

/** The number that a signal carries or a promise was resolved with; undefined for all other events. */
function partOf(wake: WakeName, { eventType, eventData }: WorkflowEvent): number | undefined {
  if (eventType !== (wake === "signal" ? "SIGNAL_RECEIVED" : "PROMISE_RESOLVED")) return undefined;
  const data: { signalValue?: Wake; value?: Wake } = JSON.parse(eventData.toString("utf8"));
  return (wake === "signal" ? data.signalValue : data.value)?.part;
}

/** What a signal carries and a promise is resolved with. */
export interface Wake {
  part: number;
}

/** Ids of the promises of a workflow, by part. */
export function promiseIdsOf(events: readonly WorkflowEvent[]): string[] {
  return events
    .filter(({ eventType }) => eventType === "PROMISE_CREATED")
    .map(({ eventData }) => (JSON.parse(eventData.toString("utf8")) as { promiseId: string }).promiseId);
}
