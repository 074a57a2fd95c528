/**
 * The state of workflows and the queries that read it. No worker lives in this file: the server answers from what workflows
 * wrote last, also when they wait, and after they ended.
 */
import { newId, partitionOf } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
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

const stateful = (state: Record<string, string>) =>
  calls.waiting(Object.entries(state).map(([key, value]) => command.setState(key, value)));

describe("QueryWorkflow", () => {
  it("answers with the value of the key it names, and with all of them for __state", async () => {
    const order = await stateful({ status: '"paid"', total: "12.50" });
    expect(await calls.query(order.id, "status")).toEqual({ result: '"paid"', error: undefined });
    expect(await calls.query(order.id, "__state")).toEqual({
      ...{ result: '{"status":"paid","total":12.50}', error: undefined },
    });
    expect(await calls.state(order.id)).toEqual({ status: '"paid"', total: "12.50" });
  });

  it("says in the answer that a key has no value, and has an empty object for no state", async () => {
    const order = await calls.start();
    expect(await calls.query(order.id, "status")).toEqual({
      ...{ result: "", error: "the workflow has no state under status" },
    });
    expect(await calls.query(order.id, "__state")).toEqual({ result: "{}", error: undefined });
    expect(await calls.state(order.id)).toEqual({});
  });

  it.each([
    ...["9007199254740993", "1.0", "-0.0", "1e400", '"\\u0000"', '"\\ud800"', '{"b":1,"a":[2, 3]}', "null", '""'],
    ...['{"a":1,"a":2}', "deep"],
  ])("decision 20: gives the value byte for byte: %s", async (given) => {
    const value = given === "deep" ? "[".repeat(1_000) + "]".repeat(1_000) : given;
    const order = await stateful({ exact: value });
    expect((await calls.query(order.id, "exact")).result).toBe(value);
    expect((await calls.query(order.id, "__state")).result).toBe(`{"exact":${value}}`);
    expect((await calls.state(order.id)).exact).toBe(value);
  });

  it("takes keys of any characters, and __state for all of them even where a key is called so", async () => {
    const keys = ['a"b\\', "__proto__", "é\n", "constructor", "__state"];
    const order = await stateful(Object.fromEntries(keys.map((key, n) => [key, `${n}`]).concat([["toString", "9"]])));
    const whole = JSON.parse((await calls.query(order.id, "__state")).result) as Record<string, unknown>;
    expect(Object.keys(whole).sort()).toEqual([...keys, "toString"].sort());
    for (const [n, key] of keys.slice(0, 4).entries()) {
      expect((await calls.query(order.id, key)).result).toBe(`${n}`);
    }
    const none = await calls.query(order.id, "hasOwnProperty");
    expect(none.error).toBe("the workflow has no state under hasOwnProperty");
  });

  it("shows what the last applied submission left: of several writes to a key the last one", async () => {
    const order = await calls.waiting([
      ...[command.setState("a", "1"), command.setState("b", "1"), command.setState("c", "1")],
      ...[command.setState("a", "2"), command.clearState("b"), command.clearState("c"), command.setState("c", "3")],
    ]);
    expect(await calls.state(order.id)).toEqual({ a: "2", c: "3" });
    await calls.signal(order, "go");
    const claimed = await calls.claim(order);
    expect(await calls.state(order.id)).toEqual({ a: "2", c: "3" });
    await calls.submit(claimed, [command.clearState("a"), command.clearState("never")]);
    expect(await calls.state(order.id)).toEqual({ c: "3" });
    // Some clients clear again on every replay: each leaves its event, and the history tells the same state.
    expect((await calls.types(order.id)).filter((type) => type.startsWith("STATE_"))).toEqual([
      ...["STATE_SET", "STATE_SET", "STATE_SET", "STATE_SET", "STATE_CLEARED", "STATE_CLEARED", "STATE_SET"],
      ...["STATE_CLEARED", "STATE_CLEARED"],
    ]);
  });

  it("is not moved by a refused or a late submission", async () => {
    const order = await stateful({ a: "1" });
    await calls.signal(order, "go");
    const claimed = await calls.claim(order);
    const refused = [command.setState("a", "2"), command.resolvePromise("nobody", "1")];
    await expect(calls.submit(claimed, refused)).rejects.toMatchObject({ code: "WrongState" });
    await calls.submit(claimed, [command.setState("a", "3")]);
    await calls.submit(claimed, [command.setState("a", "4")]);
    expect(await calls.state(order.id)).toEqual({ a: "3" });
  });

  it.each([
    ["COMPLETED", command.complete("1")],
    ["FAILED", command.fail("no")],
    ["CANCELLED", command.cancel("enough")],
  ] as const)("answers after the workflow %s", async (status, end) => {
    const order = await calls.start();
    await calls.activate(order, [command.setState("a", "1"), end], { status: WorkflowStatus[status] });
    expect(await calls.query(order.id, "a")).toEqual({ result: "1", error: undefined });
  });

  it("keeps the states of two workflows, also of a parent and its child, apart", async () => {
    const child = { id: newId(), queue: `q-${newId()}` };
    const parent = await calls.waiting([
      ...[command.setState("a", "1"), command.scheduleChild(child.id, "child", { queue: child.queue })],
    ]);
    await calls.activate(child, [command.setState("a", "2")]);
    expect([await calls.state(parent.id), await calls.state(child.id)]).toEqual([{ a: "1" }, { a: "2" }]);
  });

  it("finds no execution that is unknown, of another organization, or under a wrong tag", async () => {
    const order = await stateful({ a: "1" });
    const foreign = new Calls(cluster, { ...cluster.caller, orgId: cluster.otherOrgId });
    const partition = partitionOf(order.id);
    expect((await calls.query(`{fp:${partition}}:${order.id}`, "a")).result).toBe("1");
    const missing = { code: "NotFound" };
    await expect(calls.query(newId(), "a")).rejects.toMatchObject(missing);
    await expect(foreign.query(order.id, "a")).rejects.toMatchObject(missing);
    await expect(foreign.state(order.id)).rejects.toMatchObject(missing);
    await expect(calls.query(`{fp:${(partition + 1) % 256}}:${order.id}`, "a")).rejects.toMatchObject(missing);
  });

  it("is refused with the name of the field", async () => {
    const order = await stateful({ a: "1" });
    const wrong = (field: string) => ({ code: "InvalidInput", field });
    await expect(calls.query("order", "a")).rejects.toMatchObject(wrong("workflow_execution_id"));
    await expect(calls.state("order")).rejects.toMatchObject(wrong("workflow_execution_id"));
    for (const name of ["", " ", "x".repeat(256)]) {
      await expect(calls.query(order.id, name)).rejects.toMatchObject(wrong("query_name"));
    }
  });
});

describe("SET_STATE, CLEAR_STATE, RECORD_OPERATION", () => {
  it.each([
    ["set_state.key", command.setState("", "1")],
    ["set_state.key", command.setState("x".repeat(256), "1")],
    ["clear_state.key", command.clearState(" ")],
    ["record_operation.operation_name", command.record("", "1")],
    ["record_operation.operation_name", command.record("x".repeat(256), "1")],
  ])("are refused with the name of the field: %s", async (field, wrong) => {
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [command.setState("a", "1"), wrong])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `commands[1].${field}` },
    });
    expect(await calls.state(claimed.id)).toEqual({});
  });
});
