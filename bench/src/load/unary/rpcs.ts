import { TaskExecutionDefinition, WorkflowDispatchDefinition } from "@flovyn/proto/v1";
import { rpcOf } from "./connection.js";

const dispatch = WorkflowDispatchDefinition.fullName;
const tasks = TaskExecutionDefinition.fullName;

export const startWorkflow = rpcOf(dispatch, WorkflowDispatchDefinition.methods.startWorkflow);
export const pollWorkflow = rpcOf(dispatch, WorkflowDispatchDefinition.methods.pollWorkflow);
export const getEvents = rpcOf(dispatch, WorkflowDispatchDefinition.methods.getEvents);
export const submitCommands = rpcOf(dispatch, WorkflowDispatchDefinition.methods.submitWorkflowCommands);
export const signalWorkflow = rpcOf(dispatch, WorkflowDispatchDefinition.methods.signalWorkflow);
export const resolvePromise = rpcOf(dispatch, WorkflowDispatchDefinition.methods.resolvePromise);
export const pollTask = rpcOf(tasks, TaskExecutionDefinition.methods.pollTask);
export const completeTask = rpcOf(tasks, TaskExecutionDefinition.methods.completeTask);
