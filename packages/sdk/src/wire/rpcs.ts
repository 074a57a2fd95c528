import { WorkflowClientDefinition, WorkflowWorkerDefinition } from "@flovyn/proto/ext";
import {
  TaskExecutionDefinition,
  WorkerLifecycleDefinition,
  WorkflowDispatchDefinition,
  WorkflowQueryDefinition,
} from "@flovyn/proto/v1";
import { rpc } from "./rpc.js";

const { fullName: dispatch, methods: dispatchMethods } = WorkflowDispatchDefinition;
export const pollWorkflow = rpc(dispatch, dispatchMethods.pollWorkflow);
export const subscribeToNotifications = rpc(dispatch, dispatchMethods.subscribeToNotifications);
export const startWorkflow = rpc(dispatch, dispatchMethods.startWorkflow);
export const getEvents = rpc(dispatch, dispatchMethods.getEvents);
export const submitWorkflowCommands = rpc(dispatch, dispatchMethods.submitWorkflowCommands);
export const signalWorkflow = rpc(dispatch, dispatchMethods.signalWorkflow);
export const signalWithStartWorkflow = rpc(dispatch, dispatchMethods.signalWithStartWorkflow);
export const resolvePromise = rpc(dispatch, dispatchMethods.resolvePromise);
export const rejectPromise = rpc(dispatch, dispatchMethods.rejectPromise);

const { fullName: queries, methods: queryMethods } = WorkflowQueryDefinition;
export const queryWorkflow = rpc(queries, queryMethods.queryWorkflow);

const { fullName: tasks, methods: taskMethods } = TaskExecutionDefinition;
export const pollTask = rpc(tasks, taskMethods.pollTask);
export const completeTask = rpc(tasks, taskMethods.completeTask);
export const failTask = rpc(tasks, taskMethods.failTask);
export const heartbeat = rpc(tasks, taskMethods.heartbeat);
export const reportProgress = rpc(tasks, taskMethods.reportProgress);
export const logMessage = rpc(tasks, taskMethods.logMessage);
export const getState = rpc(tasks, taskMethods.getState);
export const setState = rpc(tasks, taskMethods.setState);
export const clearState = rpc(tasks, taskMethods.clearState);
export const clearAllState = rpc(tasks, taskMethods.clearAllState);
export const getStateKeys = rpc(tasks, taskMethods.getStateKeys);
export const streamTaskData = rpc(tasks, taskMethods.streamTaskData);

const { fullName: lifecycle, methods: lifecycleMethods } = WorkerLifecycleDefinition;
export const registerWorker = rpc(lifecycle, lifecycleMethods.registerWorker);
export const sendHeartbeat = rpc(lifecycle, lifecycleMethods.sendHeartbeat);

const { fullName: worker, methods: workerMethods } = WorkflowWorkerDefinition;
export const reportActivationFailure = rpc(worker, workerMethods.reportActivationFailure);

const { fullName: client, methods: clientMethods } = WorkflowClientDefinition;
export const awaitResult = rpc(client, clientMethods.awaitResult);
export const cancelWorkflow = rpc(client, clientMethods.cancelWorkflow);
