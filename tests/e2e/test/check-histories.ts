import { type Cluster, checkHistory, createRestClient, createRetry, FlovynClient } from "../src/index.js";

/** Histories read at a time: some files make large ones. */
const PAGE = 20;
const retry = createRetry();

interface Page {
  workflows: { id: string }[];
  nextCursor: string | null;
}

/** Checks every history of the main org. Errors: the first that does not hold, with the id of its execution. */
export async function checkHistories(cluster: Cluster): Promise<void> {
  const { org } = cluster;
  const { grpcAddress, httpUrl } = cluster.replica("gateway", 0);
  const client = new FlovynClient({ address: grpcAddress, token: org.workerKey, orgId: org.id });
  const rest = createRestClient({ httpUrl, slug: org.slug, key: org.userKey });
  try {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Page = (await rest.get(`/workflow-executions?limit=${PAGE}&cursor=${cursor}`)).json;
      await Promise.all(page.workflows.map(({ id }) => checkOne(client, id)));
      cursor = page.nextCursor;
    }
  } finally {
    client.close();
  }
}

async function checkOne(client: FlovynClient, id: string): Promise<void> {
  const events = await retry(() => client.getEvents(id));
  try {
    checkHistory(events);
  } catch (error) {
    throw new Error(`the history of ${id} does not hold: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
