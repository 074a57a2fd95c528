import type { WorkflowEvent } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { count, dataOf, type FlovynClient, type RestClient, typesOf } from "../src/index.js";

/** Waits until a history has so many events of a type, and returns it. */
export function waitForEvents(
  client: FlovynClient,
  id: string,
  { type, wanted = 1, timeoutMs }: { type: string; wanted?: number; timeoutMs?: number },
): Promise<WorkflowEvent[]> {
  return waitFor(
    `${wanted} ${type} in ${id}`,
    async () => {
      const events = await client.getEvents(id);
      if (count(events, type) >= wanted) return events;
      throw new Error(`the history has ${typesOf(events).join(" ")}`);
    },
    { timeoutMs },
  );
}

/** Data of the only event of a type. */
export function onlyData(events: readonly WorkflowEvent[], type: string) {
  const found = events.filter(({ eventType }) => eventType === type);
  const [event] = found;
  if (event === undefined || found.length > 1) throw new Error(`${found.length} of ${type} in ${typesOf(events)}`);
  return dataOf(event);
}

/** As clients find the promise of a name: by its event. */
export async function promiseIdOf(client: FlovynClient, workflowExecutionId: string, name: string): Promise<string> {
  const events = await waitForEvents(client, workflowExecutionId, { type: "PROMISE_CREATED" });
  const created = events.map((event) => dataOf(event)).find(({ promiseName }) => promiseName === name);
  if (created === undefined) throw new Error(`${workflowExecutionId} has no promise ${name}`);
  return created.promiseId;
}

export async function statusOf(rest: RestClient, id: string): Promise<string> {
  return (await rest.get(`/workflow-executions/${id}`)).json.status;
}

export async function waitForStatus(rest: RestClient, id: string, wanted: string): Promise<void> {
  await waitFor(`${id} to be ${wanted}`, async () => {
    const now = await statusOf(rest, id);
    if (now === wanted) return true;
    throw new Error(`it is ${now}`);
  });
}
