import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { clearState, completed, setState, suspended } from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { activateOnce } from "../wait-for-work.js";

export function queryTests(use: ClusterInUse): void {
  test("queries are answered from the state, without a worker, in every status", async () => {
    const queue = "queried";
    const client = use.client();
    const rest = use.rest();
    const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "k", queue });
    const query = async (queryName: string) => {
      const { result, error } = await client.queryWorkflow({
        workflowExecutionId,
        queryName,
        params: Buffer.from("null"),
      });
      return error ?? result.toString();
    };
    expect(await query("step")).toMatch(/no state under step/);
    expect(await query("__state")).toBe("{}");
    await activateOnce(
      client,
      queue,
      suspended(setState("step", '"first"'), setState("step", '"second"'), setState("gone", "1"), clearState("gone")),
    );
    for (const end of [false, true]) {
      if (end) {
        await client.signalWorkflow({ workflowExecutionId, signalName: "go" });
        await activateOnce(client, queue, completed("1"));
      }
      expect(await query("step")).toBe('"second"');
      expect(await query("__state")).toBe('{"step":"second"}');
      expect(await query("gone")).toMatch(/no state under gone/);
      expect((await rest.get(`/workflow-executions/${workflowExecutionId}/state`)).json).toEqual({
        state: { step: "second" },
      });
      const posted = await rest.post(`/workflow-executions/${workflowExecutionId}/query`, { queryName: "step" });
      expect(posted).toMatchObject({ status: 200, json: { result: "second", error: null } });
    }
  });

  test("a key of another org queries nothing", async () => {
    const { otherOrg } = use.cluster;
    const { workflowExecutionId } = await use.client().startWorkflow({ workflowKind: "k", queue: "not-theirs" });
    const foreign = use.client(0, { org: otherOrg });
    await expect(foreign.queryWorkflow({ workflowExecutionId, queryName: "__state" })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
}
