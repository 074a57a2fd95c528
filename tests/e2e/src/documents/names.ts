/** What the blocks of documents take for granted: declared once here, so that a block shows what it is about. */
export const documentNames = `
import type * as sdk from "@flovyn/sdk";
import type { expect as vitestExpect } from "vitest";
type Task<Input, Output> = sdk.TaskDefinition<Input, Output>;
type Workflow<Input, Output> = sdk.WorkflowDefinition<Input, Output>;
declare global {
  interface Order { id: string; cents: number; parcels: string[] }
  interface Item { sku: string }
  type WorkflowContext = sdk.WorkflowContext;
  const workflow: typeof sdk.workflow;
  const task: typeof sdk.task;
  const ChildWorkflowFailedError: typeof sdk.ChildWorkflowFailedError;
  const TimeoutError: typeof sdk.TimeoutError;
  const expect: typeof vitestExpect;
  const ctx: sdk.WorkflowContext & { stream: sdk.TaskContext["stream"] };
  const client: sdk.FlovynClient;
  const handle: sdk.WorkflowHandle<unknown>;
  const order: Order;
  const input: { part: string };
  const charge: Task<Order, { receipt: string }>;
  const deliver: Task<{ receipt: string }, string>;
  const ship: Workflow<string, string>;
  const pay: Task<Order, void>;
  const left: Task<void, number>;
  const right: Task<void, number>;
  const slow: Task<any, string>;
  const shout: Task<string, string>;
  const importPart: Task<string, void>;
  const makeReport: Task<object, string>;
  const askForApproval: Task<Order, void>;
  const shipping: Workflow<string, string>;
  const audit: Workflow<Order, void>;
  const chat: Workflow<any, void>;
  const greet: Workflow<string, string>;
  const orderWorkflow: Workflow<any, string>;
  const payments: { charge(cents: number, options: { key: string; signal: AbortSignal }): Promise<{ receipt: string }> };
  const model: { answer(text: unknown): AsyncIterable<string> };
  function fetchPrice(id: string): Promise<number>;
}
export {};
`;
