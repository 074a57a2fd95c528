/**
 * SP-58 for idempotency keys: a transaction that takes some and frees others waits for nobody who waits for it. Method: many
 * transactions that take and free the same keys, in orders that would close a circle.
 */
import { newId } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Calls, codes } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectNoDeadlocks } from "./deadlocks.js";
import { expectConsistent } from "./whole-database.js";

const rounds = 8;
const width = 20;

let cluster: Cluster;
let calls: Calls;
beforeEach(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterEach(() => cluster.stop());

/** Keys in their order: those at the front, and those at the back. */
function keysOf(round: number): { front: string[]; back: string[] } {
  const keys = Array.from({ length: 2 * width }, (_, n) => `${round}-${String(n).padStart(3, "0")}`);
  return { front: keys.slice(0, width), back: keys.slice(width) };
}

const startsWith = (keys: readonly string[]) => keys.map((idempotencyKey) => calls.start({ idempotencyKey }));
const expected = new Set(["OK", "AlreadyExists", "WrongState"]);

it.each([
  ["front", "back"],
  ["back", "front"],
] as const)(
  "submissions that free keys at the %s and take some at the %s",
  async (freed, taken) => {
    for (let round = 0; round < rounds; round++) {
      const keys = keysOf(round);
      const claimed = await Promise.all(keys[freed].map((idempotencyKey) => calls.running({ idempotencyKey })));
      const answers = await codes([
        ...claimed.map((one, n) => {
          const idempotencyKey = keys[taken][n] as string;
          const take =
            n % 2 === 0
              ? command.createPromise("p", { idempotencyKey })
              : command.scheduleTask(newId(), { idempotencyKey });
          const status = n % 4 === 0 ? WorkflowStatus.SUSPENDED : WorkflowStatus.FAILED;
          return calls.submit(one, [take], { status });
        }),
        ...startsWith([...keys.front, ...keys.back]),
      ]);
      expect(answers.filter((answer) => !expected.has(answer))).toEqual([]);
    }
    await expectConsistent(cluster);
    await expectNoDeadlocks(cluster);
  },
  60_000,
);

it("cancels that free keys of workflows, tasks and promises, of parents and of children", async () => {
  for (let round = 0; round < rounds; round++) {
    const { front, back } = keysOf(round);
    const queue = `q-${newId()}`;
    const all = [...back, ...front];
    const orders = await Promise.all(
      front.map((idempotencyKey, n) =>
        calls.waiting(
          [
            command.scheduleTask(newId(), { idempotencyKey: back[n] as string, queue: "tasks" }),
            command.createPromise("p", { idempotencyKey: `${idempotencyKey}-p` }),
            command.scheduleChild(newId(), "child", { queue }),
          ],
          { idempotencyKey },
        ),
      ),
    );
    const children = await calls.poll("dispatch", queue, width);
    await Promise.all(
      children.map((child, n) =>
        calls.submit(child, [
          command.scheduleTask(newId(), { idempotencyKey: `${front[n]}-t`, queue: "tasks" }),
          command.createPromise("p", { idempotencyKey: `${back[n]}-p` }),
        ]),
      ),
    );
    const answers = await codes([
      ...orders.map((order) => calls.cancel(order)),
      ...startsWith([...all, ...all.map((key) => `${key}-p`), ...all.map((key) => `${key}-t`)]),
    ]);
    expect(answers.filter((answer) => !expected.has(answer))).toEqual([]);
  }
  await expectConsistent(cluster);
  await expectNoDeadlocks(cluster);
}, 60_000);
