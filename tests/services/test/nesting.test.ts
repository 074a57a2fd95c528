/**
 * JSON that is nested too deep costs every later reader of it, so it is refused where it comes in. Method: a walk over the
 * payload fields of all RPCs, which the descriptors give, each with JSON at the limit, beyond it, and with text that is none.
 */
import type { ServiceName } from "@flovyn/bus";
import { DomainError, jsonDepthMax, newId } from "@flovyn/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { type PayloadField, payloadFields, requestWith } from "./payload-fields.js";

let cluster: Cluster;
let texts: Record<string, string>;
beforeAll(async () => {
  cluster = await Cluster.start();
  const calls = new Calls(cluster);
  const order = await calls.start();
  const task = newId();
  await calls.activate(order, [command.scheduleTask(task)]);
  texts = {
    ...{ org_id: "", team_id: "", workflow_definition_id: "", worker_type: "UNIFIED", retry_policy: "{}" },
    ...{ workflow_execution_id: order.id, parent_workflow_execution_id: order.id, task_execution_id: task },
  };
});
afterAll(() => cluster.stop());

/** RPCs that the gateway answers UNIMPLEMENTED: no service sees their payloads. */
const isServed = ({ operation }: PayloadField) => !operation.startsWith("flovyn.v1.AgentDispatch/");
const served = payloadFields.filter(isServed);

function serviceOf(operation: string): ServiceName {
  if (/\/(Resolve|Reject)Promise$/.test(operation)) return "promises";
  return operation.startsWith("flovyn.v1.TaskExecution/") ? "tasks" : "dispatch";
}

/** Undefined when the call went well. */
async function send(field: PayloadField, payload: string): Promise<DomainError | undefined> {
  const { operation } = field;
  try {
    await cluster.bus.request({
      ...{ service: serviceOf(operation), operation, caller: cluster.caller, requestId: "r", traceparent: "" },
      ...{ timeoutMs: 20_000, payload: requestWith(field, payload, { texts, text: newId() }) },
    });
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("the walk", () => {
  it("finds the payloads of clients, of workers, of commands and of registrations", () => {
    const names = served.map(({ operation, name }) => `${operation.split("/")[1]} ${name}`);
    expect(names).toEqual(
      expect.arrayContaining([
        ...["StartWorkflow input", "SignalWithStartWorkflow signal_value", "QueryWorkflow params"],
        ...["CompleteTask output", "SetState value", "StreamTaskData payload", "ResolvePromise value"],
        ...["SubmitWorkflowCommands commands[0].schedule_child_workflow.input", "SubmitTask retry_policy"],
        ...[
          "RegisterWorker workflows[0].input_schema",
          "RegisterWorker agents[0].metadata",
          "SendHeartbeat health_info",
        ],
      ]),
    );
  });
});

describe.each(served.map((field) => [field.operation, field.name, field] as const))("%s: %s", (_of, name, field) => {
  it("is refused by its name when it is nested deeper than the limit", async () => {
    expect(await send(field, nested(jsonDepthMax + 1))).toMatchObject({
      ...{ code: "InvalidInput", field: name },
      message: `${name}: must not be nested deeper than ${jsonDepthMax} levels`,
    });
  });

  it("is not refused for its nesting at the limit, nor when it opens arrays without end, which is no JSON", async () => {
    for (const payload of [nested(jsonDepthMax), "[".repeat(4 * jsonDepthMax)]) {
      expect((await send(field, payload))?.message ?? "").not.toContain("nested");
    }
  });
});
