/**
 * In which order the tasks and children of one submission are handed out. Method: random ids, which a worker may choose, and
 * priorities; then the work is claimed until there is none. Among equal priorities the order is that of the commands.
 */
import { randomUUID } from "node:crypto";
import { newId } from "@flovyn/domain";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const count = 20;
/** An id of version 7 that says nothing of its age. */
const randomId = () => randomUUID().replace(/^(.{14})./, (_, start) => `${start}7`);
const kinds = [
  {
    kind: "tasks",
    create: (id: string, queue: string, prioritySeconds: number) =>
      command.scheduleTask(id, { queue, prioritySeconds }),
    claim: (queue: string) => calls.claimTask(queue),
    poll: (queue: string) => calls.poll("tasks", queue, count),
  },
  {
    kind: "children",
    create: (id: string, queue: string, prioritySeconds: number) =>
      command.scheduleChild(id, id, { queue, prioritySeconds }),
    claim: (queue: string) => calls.claim({ queue }),
    poll: (queue: string) => calls.poll("dispatch", queue, count),
  },
];

describe.each(kinds)("$kind of one submission", ({ create, claim, poll }) => {
  const createAll = async (ids: readonly string[], priorities: readonly number[] = []) => {
    const queue = `q-${newId()}`;
    await calls.waiting(ids.map((id, index) => create(id, queue, priorities[index] ?? 0)));
    return queue;
  };
  const randomIds = () => Array.from({ length: count }, randomId);

  it("are claimed one after the other in the order of the commands", async () => {
    const ids = randomIds();
    const queue = await createAll(ids);
    const claimed: string[] = [];
    while (claimed.length < count) claimed.push((await claim(queue)).id);
    expect(claimed).toEqual(ids);
  });

  it("are claimed by one poll of many in the order of the commands", async () => {
    const ids = randomIds();
    expect((await poll(await createAll(ids))).map(({ id }) => id)).toEqual(ids);
  });

  it("are claimed by priority, and among equal ones in the order of the commands, whatever their ids are", async () => {
    const given = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: count });
    await fc.assert(
      fc.asyncProperty(given, async (priorities) => {
        const items = priorities.map((priority) => ({ id: randomId(), priority }));
        const ids = items.map(({ id }) => id);
        const queue = await createAll(ids, priorities);
        const expected = [2, 1, 0].flatMap((wanted) => items.filter(({ priority }) => priority === wanted));
        expect((await poll(queue)).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: 20 },
    );
  });
});
