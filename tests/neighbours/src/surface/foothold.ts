import type { FlovynClient } from "@flovyn/e2e";

/** What the attacking org has and knows of the server. All of it is its own. */
export interface Foothold {
  orgId: string;
  slug: string;
  userKey: string;
  workerKey: string;
  /** Of an execution that waits for a worker that never comes, with one signal. */
  workflowId: string;
  /** Of one whose history is as long as the server lets it be, up to `longHistoryBytes`. */
  longWorkflowId: string;
  /** Of a standalone task that no worker takes. */
  taskId: string;
}

/** What a history grows to before the attacks begin. */
const longHistoryBytes = 40 * 1024 * 1024;
const signalBytes = 900 * 1024;
/** No worker of anyone polls it. */
const queue = "foothold";

/** Makes the executions that attacks call by id. */
export async function makeFoothold(
  client: FlovynClient,
  org: Pick<Foothold, "slug" | "userKey" | "workerKey">,
): Promise<Foothold> {
  const start = () => client.startWorkflow({ workflowKind: "foothold", queue, input: Buffer.from("1") });
  const { workflowExecutionId: workflowId } = await start();
  await client.signalWorkflow({ workflowExecutionId: workflowId, signalName: "s", signalValue: Buffer.from("1") });
  const { workflowExecutionId: longWorkflowId } = await start();
  await lengthen(client, longWorkflowId);
  const { taskExecutionId: taskId } = await client.submitTask({ kind: "foothold", queue, input: Buffer.from("1") });
  return { ...org, orgId: client.orgId, workflowId, longWorkflowId, taskId };
}

async function lengthen(client: FlovynClient, workflowExecutionId: string): Promise<void> {
  const signalValue = Buffer.from(`"${"l".repeat(signalBytes)}"`);
  for (let bytes = 0; bytes < longHistoryBytes; bytes += signalBytes) {
    try {
      await client.signalWorkflow({ workflowExecutionId, signalName: "long", signalValue });
    } catch {
      // The server has a limit for histories or for what one org sends, and it is reached.
      return;
    }
  }
}
