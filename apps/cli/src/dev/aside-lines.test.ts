import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { AsideLines } from "./aside-lines.js";
import { followHistory } from "./history.js";

const server = createServer();
afterEach(() => new Promise((resolve) => server.close(resolve)));

it("a line of the worker follows the events before it and precedes those after it", async () => {
  const said: string[] = [];
  const say = (line: string) => said.push(line.trim());
  const aside = new AsideLines(say);
  const ended = new AbortController();
  const begun = Date.now();
  const events = ["TASK_SCHEDULED", "TASK_COMPLETED"].map((eventType, at) => ({
    sequence: at + 1,
    eventType,
    timestamp: new Date(begun + at * 3_600_000 - 60_000).toISOString(),
    data: {},
  }));
  let readings = 0;
  server.on("request", (request, response) => {
    // The worker has spoken before the first reading that has the events; both are in the reading after it.
    readings += 1;
    if (readings === 1) aside.say("charged");
    if (readings > 2) ended.abort();
    const since = Number(new URL(request.url ?? "", "http://x").searchParams.get("sinceSequence"));
    const shown = readings === 1 ? [] : events.filter(({ sequence }) => sequence > since);
    response.end(JSON.stringify({ events: shown }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const httpUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { httpUrl, orgSlug: "dev", apiKey: "k", serverUrl: "", orgId: "", workerToken: "", operatorKey: "" };
  await followHistory(target, "id", { signal: ended.signal, say, aside });
  const kinds = said.map((line) => /TASK_\w+|charged/.exec(line)?.[0]);
  expect(kinds).toEqual(["TASK_SCHEDULED", "charged", "TASK_COMPLETED"]);
  aside.say("afterwards");
  expect(said.at(-1)).toBe("afterwards");
});
