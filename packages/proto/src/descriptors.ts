/** What is on the public wire, for code that walks it: routing, server reflection, coverage tests. */
import { descriptorSetBase64 } from "./gen/descriptor-set.js";
import { WorkflowClientDefinition, WorkflowWorkerDefinition } from "./gen/flovyn/ext/v1/client.js";
import { AgentDispatchDefinition } from "./gen/flovyn/v1/agent.js";
import {
  TaskExecutionDefinition,
  WorkerLifecycleDefinition,
  WorkflowDispatchDefinition,
  WorkflowQueryDefinition,
} from "./gen/flovyn/v1/flovyn.js";
import type { Rpc, ServiceDefinition } from "./rpc-table.js";
import { rpcsOf } from "./rpc-table.js";

export type { MessageCodec, Rpc, ServiceDefinition } from "./rpc-table.js";
export { rpcsOf } from "./rpc-table.js";

/** The services of flovyn.v1. */
export const publishedServices: readonly ServiceDefinition[] = [
  WorkflowDispatchDefinition,
  WorkflowQueryDefinition,
  TaskExecutionDefinition,
  WorkerLifecycleDefinition,
  AgentDispatchDefinition,
];

/** The services of flovyn.ext.v1. */
export const extensionServices: readonly ServiceDefinition[] = [WorkflowClientDefinition, WorkflowWorkerDefinition];

/** The RPCs of flovyn.v1. */
export const publishedRpcs: readonly Rpc[] = rpcsOf(publishedServices);

/** The RPCs of flovyn.ext.v1. */
export const extensionRpcs: readonly Rpc[] = rpcsOf(extensionServices);

/**
 * Encoded google.protobuf.FileDescriptorSet of flovyn.v1, flovyn.ext.v1 and the files they import, imports first and
 * without comments. A new copy at every call.
 */
export function fileDescriptorSet(): Buffer {
  return Buffer.from(descriptorSetBase64, "base64");
}
