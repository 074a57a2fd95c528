import { randomUUID } from "node:crypto";
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { requestFields, within } from "../../surface/request-fields.js";
import type { AttackedRpc } from "../../surface/rpc-surface.js";
import { lengthField, numberField } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { httpCall, messageCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";

const elements = 10_000;
/** Below what one signal may have. */
const signalBytes = 900 * 1024;
const workflowStatusSuspended = 2;

/**
 * Lists of 10,000 elements that differ from each other: of every list of messages in every request, the commands of a
 * submission of every type in turn, each for an execution that the attacker holds; and signals to one workflow.
 */
export function* bigSubmissions(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const fields = rpc.request ? requestFields(rpc.request) : [];
    for (const path of fields) {
      const { field } = path;
      if (field.fieldKind !== "list" || field.listKind !== "message") continue;
      const [choice] = field.message.oneofs.filter(({ fields }) => fields.length > 1);
      for (const chosen of choice?.fields ?? [undefined]) {
        const list = () => within(path, listOf(field.number, field.message, chosen));
        yield { target: rpc.path, make: () => call(scene, rpc, list()) };
      }
    }
  }
  yield* signals(scene);
}

async function call(scene: Scene, rpc: AttackedRpc, list: Buffer) {
  if (rpc.name !== "SubmitWorkflowCommands") {
    return messageCall(rpc, Buffer.concat([plainMessage(rpc, scene), list]));
  }
  const request = rpc.request as DescMessage;
  const number = (name: string) => request.fields.find((field) => field.name === name)?.number ?? 0;
  const { id, claimEpoch } = await claimOne(scene);
  const message = Buffer.concat([
    lengthField(number("workflow_execution_id"), id),
    numberField(number("status"), workflowStatusSuspended),
    numberField(number("claim_epoch"), claimEpoch),
    list,
  ]);
  return messageCall(rpc, message);
}

async function claimOne({ client }: Scene): Promise<{ id: string; claimEpoch: number }> {
  const queue = `submissions-${randomUUID()}`;
  await client.startWorkflow({ workflowKind: "attack", queue });
  const metadata = { "flovyn-poll-hold-ms": "5000" };
  const claimed = await client.pollWorkflow({ workerId: "attacker", queue }, { metadata });
  if (claimed === undefined) throw new Error("the workflow of the attacker was not handed out");
  return claimed;
}

function listOf(field: number, message: DescMessage, chosen: DescField | undefined): Buffer {
  const all = Array.from({ length: elements }, (_, index) =>
    lengthField(field, elementOf(message, chosen, `${randomUUID().slice(0, -5)}${String(index).padStart(5, "0")}`)),
  );
  return Buffer.concat(all);
}

/** Filled, with texts that no other element has. */
function elementOf(message: DescMessage, chosen: DescField | undefined, unique: string): Buffer {
  const fields = message.fields.filter((field) => field.oneof === undefined || field === chosen);
  return Buffer.concat(fields.map((field) => filled(field, chosen, unique)));
}

function filled(field: DescField, chosen: DescField | undefined, unique: string): Buffer {
  const { number, name } = field;
  if (field.fieldKind === "enum") {
    // COMMAND_TYPE beside the member of that name: SCHEDULE_TASK beside schedule_task.
    const value = field.enum.values.find((one) => one.name === chosen?.name.toUpperCase())?.number ?? 1;
    return numberField(number, value);
  }
  if (field.fieldKind === "message") return lengthField(number, elementOf(field.message, undefined, unique));
  if (field.fieldKind !== "scalar") return Buffer.alloc(0);
  if (field.scalar === ScalarType.BYTES) return lengthField(number, "1");
  if (field.scalar === ScalarType.STRING) {
    return name === "queue" || name === "retry_policy" ? Buffer.alloc(0) : lengthField(number, unique);
  }
  if (field.scalar === ScalarType.BOOL) return numberField(number, 0);
  return /duration|timeout|ttl/.test(name) ? numberField(number, 3_600_000) : Buffer.alloc(0);
}

function* signals(scene: Scene): Iterable<AttackStep> {
  const { workflowId } = scene.foothold;
  const rpc = scene.rpcs.find(({ name }) => name === "SignalWorkflow");
  const value = rpc?.request?.fields.find(({ name }) => name === "signal_value");
  if (rpc === undefined || value === undefined) throw new Error("there is no RPC that signals");
  const large = lengthField(value.number, `"${"s".repeat(signalBytes)}"`);
  const texts = { workflow_execution_id: workflowId };
  for (let count = 0; count < 10; count++) {
    yield { target: rpc.path, make: () => messageCall(rpc, plainMessage(rpc, scene, texts)) };
    yield { target: rpc.path, make: () => messageCall(rpc, Buffer.concat([plainMessage(rpc, scene, texts), large])) };
  }
  for (const route of scene.routes.filter(({ path }) => path.endsWith("/signal"))) {
    const text = () => JSON.stringify("s".repeat(signalBytes));
    const make = () => httpCall(route, scene, { body: plainBody(route, scene, { signalValue: text() }) });
    yield { target: nameOfRoute(route), make };
  }
}
