import { FlovynClient, type WorkflowDefinition } from "@flovyn/sdk";
import { AsideLines } from "../dev/aside-lines.js";
import { checkReach } from "../dev/check-reach.js";
import { createDemoLogger } from "../dev/demo-logger.js";
import type { HistoryItem } from "../dev/event-line.js";
import { followHistory } from "../dev/history.js";
import { withNotedExecution } from "../dev/noted-execution.js";
import type { DemoTarget } from "../dev/target.js";
import { print, printAside, printLines } from "../print.js";

/** What makes one run of an example. */
export interface Example<Output> {
  /** Names its queue and its note. Runs that start with different input have different names. */
  name: string;
  definition: Pick<WorkflowDefinition<never, Output>, "run">;
  register: (client: FlovynClient) => void;
  start: (client: FlovynClient) => Promise<{ id: string }>;
  /** Shows child workflows, too. */
  withChildren?: boolean;
  /** Does what people and other systems do, each time an event tells that it is their turn. Must bear repetition. */
  outside?: (event: HistoryItem, stage: Stage) => Promise<void>;
}

/** Where the outside of an example acts. */
export interface Stage {
  id: string;
  client: FlovynClient;
  target: DemoTarget;
  say: (line: string) => void;
  /** Aborted when the execution has ended. */
  signal: AbortSignal;
}

export interface ExampleRunOptions {
  target: DemoTarget;
  dataDir: string;
  /** Print the result as one line of JSON, and everything else on standard error. */
  json: boolean;
}

/**
 * Runs an example to its end: worker, client and outside in one process, with each event of the history as it appears. Run
 * again after the process was killed, it goes on with the same execution. Errors: those of the result; of the outside.
 */
export async function runExample<Output>(example: Example<Output>, options: ExampleRunOptions): Promise<void> {
  const { target, dataDir, json } = options;
  const say = json ? printAside : print;
  await checkReach(target);
  const aside = new AsideLines(say);
  const name = `demo-${example.name}`;
  const { serverUrl, httpUrl, orgId, workerToken, apiKey } = target;
  const client = new FlovynClient({
    serverUrl,
    httpUrl,
    orgId,
    workerToken,
    apiKey,
    // A queue of its own, so that this worker sees nothing but its example.
    queue: name,
    workerName: name,
    logger: createDemoLogger(aside.say),
  });
  example.register(client);
  await client.start();
  try {
    const start = () => example.start(client);
    const output = await withNotedExecution({ dataDir, name: example.name, start, say }, (id) =>
      playToEnd(example, { id, client, target, say, aside }),
    );
    printLines(json ? [JSON.stringify(output)] : JSON.stringify(output, null, 2).split("\n"));
  } finally {
    await client.stop();
  }
}

type Scene = Omit<Stage, "signal"> & { aside: AsideLines };

/** Shows the history and plays the outside until the execution has ended; whatever goes wrong first ends it. */
async function playToEnd<Output>(example: Example<Output>, scene: Scene): Promise<Output> {
  const { id, client, target, say, aside } = scene;
  const ended = new AbortController();
  const stage: Stage = { ...scene, signal: ended.signal };
  let followed: Promise<void> = Promise.resolve();
  const wentWrong = new Promise<never>((_resolve, reject) => {
    const onEvent = (event: HistoryItem) => {
      example.outside?.(event, stage).catch((error: unknown) => {
        if (!ended.signal.aborted) reject(error);
      });
    };
    const { withChildren = false } = example;
    followed = followHistory(target, id, { signal: ended.signal, say, withChildren, aside, onEvent });
    followed.catch(reject);
  });
  try {
    return await Promise.race([client.getHandle(id, example.definition).result(), wentWrong]);
  } finally {
    ended.abort();
    await followed;
  }
}
