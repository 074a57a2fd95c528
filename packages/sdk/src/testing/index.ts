export { createMockTaskContext, type MockTaskContext, type MockTaskOptions } from "./mock-task-context.js";
export {
  createMockWorkflowContext,
  type MockCall,
  type MockWorkflowContext,
  type MockWorkflowOptions,
} from "./mock-workflow-context.js";
export type { LoggedLine, StreamedPiece, TaskRecord } from "./task-record.js";
export type { TestEvent, TestHandle, TestTask } from "./test-handle.js";
export { TestServer, type TestServerOptions } from "./test-server.js";
