/**
 * A submission holds up everything else of the process while it is decided, so its work has to grow with its commands and
 * not with their square. Submissions of 1,000, 2,000 and 4,000 commands of each type go through the whole service; the
 * steps of our code and the statements sent to the database are counted, since times would tell more of the machine.
 */
import { newId } from "@flovyn/domain";
import { CommandType, SubmitWorkflowCommandsRequest, type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { countSteps, waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { command, dispatchRpc, Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start(1)));
afterAll(() => harness.stop());

interface Scenario {
  name: string;
  /** Commands that an earlier submission of the same workflow sent; they are not counted. */
  earlier?: Make;
  /** The counted ones. The steps of all commands of one index count as those of one command. */
  commands: Make;
}

/** The commands of one index; `ids` are the same for one index in `earlier` and in `commands`. */
type Make = (index: number, id: string) => WorkflowCommand[];

const value = Buffer.from('{"n":1}');
const make = (commandType: CommandType, commandData: WorkflowCommand["commandData"]): WorkflowCommand => ({
  ...{ commandType, sequenceNumber: 1, commandData },
});
const createPromise = (promiseId: string, idempotencyKey?: string) =>
  make(CommandType.CREATE_PROMISE, { $case: "createPromise", value: { promiseId, idempotencyKey } });
const resolvePromise = (promiseId: string) =>
  make(CommandType.RESOLVE_PROMISE, { $case: "resolvePromise", value: { promiseId, value } });
const startTimer = (timerId: string) =>
  make(CommandType.START_TIMER, { $case: "startTimer", value: { timerId, durationMs: 60_000 } });
const cancelTimer = (timerId: string) => make(CommandType.CANCEL_TIMER, { $case: "cancelTimer", value: { timerId } });
const child = (id: string, name: string) => command.scheduleChild(id, name, "children");
const cancelChild = (childWorkflowExecutionId: string, childExecutionName: string) =>
  make(CommandType.REQUEST_CANCEL_CHILD_WORKFLOW, {
    $case: "requestCancelChildWorkflow",
    value: { childWorkflowExecutionId, childExecutionName, reason: "" },
  });
const of = (index: number) => `n-${index}`;

/** Ends of a workflow: a submission has one of them at most. */
type Last = "COMPLETE_WORKFLOW" | "FAIL_WORKFLOW" | "CANCEL_WORKFLOW";
type Repeated = Exclude<keyof typeof CommandType, Last | "UNRECOGNIZED">;

const scenarios: Record<Repeated, Scenario[]> = {
  COMMAND_TYPE_UNSPECIFIED: [
    { name: "that ask for nothing", commands: () => [make(CommandType.COMMAND_TYPE_UNSPECIFIED, undefined)] },
  ],
  SUSPEND_WORKFLOW: [
    {
      name: "that give reasons",
      commands: () => [make(CommandType.SUSPEND_WORKFLOW, { $case: "suspendWorkflow", value: { reason: "because" } })],
    },
  ],
  RECORD_OPERATION: [{ name: "of one name", commands: () => [command.record("price", "1")] }],
  SET_STATE: [
    { name: "of one key", commands: () => [command.setState("key", "1")] },
    { name: "of as many keys", commands: (index) => [command.setState(of(index), "1")] },
  ],
  CLEAR_STATE: [
    { name: "of one key", commands: () => [command.clearState("key")] },
    { name: "of as many keys", commands: (index) => [command.setState(of(index), "1"), command.clearState(of(index))] },
  ],
  SCHEDULE_TASK: [
    { name: "that are new", commands: (_, id) => [command.schedule(id)] },
    { name: "with keys", commands: (_, id) => [command.schedule(id, { idempotencyKey: id })] },
    { name: "on as many queues", commands: (_, id) => [command.schedule(id, { queue: id })] },
    { name: "asked for twice", commands: (_, id) => [command.schedule(id), command.schedule(id)] },
    {
      name: "asked for before",
      earlier: (_, id) => [command.schedule(id)],
      commands: (_, id) => [command.schedule(id)],
    },
  ],
  START_TIMER: [
    { name: "that are new", commands: (index) => [startTimer(of(index))] },
    {
      name: "asked for before",
      earlier: (index) => [startTimer(of(index))],
      commands: (index) => [startTimer(of(index))],
    },
  ],
  CANCEL_TIMER: [
    { name: "of new timers", commands: (index) => [startTimer(of(index)), cancelTimer(of(index))] },
    {
      name: "of timers from before",
      earlier: (index) => [startTimer(of(index))],
      commands: (index) => [cancelTimer(of(index))],
    },
  ],
  CREATE_PROMISE: [
    { name: "of one name", commands: () => [createPromise("p")] },
    { name: "with keys", commands: (index, id) => [createPromise(of(index), id)] },
    {
      name: "with keys from before",
      earlier: (index, id) => [createPromise(of(index), id)],
      commands: (index, id) => [createPromise(of(index), id)],
    },
  ],
  RESOLVE_PROMISE: [
    { name: "of new promises", commands: (index) => [createPromise(of(index)), resolvePromise(of(index))] },
    { name: "of new promises of one name", commands: () => [createPromise("p"), resolvePromise("p")] },
    {
      name: "of promises from before",
      earlier: (index) => [createPromise(of(index))],
      commands: (index) => [resolvePromise(of(index))],
    },
    {
      name: "of promises of one name from before",
      earlier: () => [createPromise("p")],
      commands: () => [resolvePromise("p")],
    },
  ],
  SCHEDULE_CHILD_WORKFLOW: [
    { name: "that are new", commands: (index, id) => [child(id, of(index))] },
    {
      name: "asked for before",
      earlier: (index, id) => [child(id, of(index))],
      commands: (index, id) => [child(id, of(index))],
    },
  ],
  REQUEST_CANCEL_CHILD_WORKFLOW: [
    { name: "of new children", commands: (index, id) => [child(id, of(index)), cancelChild(id, "")] },
    { name: "of new children by name", commands: (index, id) => [child(id, of(index)), cancelChild("", of(index))] },
    {
      name: "of children from before by name",
      earlier: (index, id) => [child(id, of(index))],
      commands: (index) => [cancelChild("", of(index))],
    },
  ],
};

const sizes = [1_000, 2_000, 4_000];

/** Steps and statements of one submission of `count` times the commands of the scenario. */
async function costOf({ earlier, commands }: Scenario, count: number) {
  const execution = await harness.running();
  const ids = Array.from({ length: count }, () => newId());
  if (earlier !== undefined) {
    await harness.submit({
      workflowExecutionId: execution.id,
      commands: ids.flatMap((id, index) => earlier(index, id)),
    });
    await harness.rows("update workflow_execution set status = 'RUNNING', worker_id = 'w' where id = $1", [
      execution.id,
    ]);
  }
  const payload = SubmitWorkflowCommandsRequest.encode(
    SubmitWorkflowCommandsRequest.fromPartial({
      ...{ workflowExecutionId: execution.id, status: WorkflowStatus.SUSPENDED },
      commands: ids.flatMap((id, index) => commands(index, id)),
    }),
  ).finish();
  const statements = countStatements();
  const steps = await countSteps(async () => {
    await harness.raw(dispatchRpc("SubmitWorkflowCommands"), payload);
    await waitFor("the ends of children to be followed", async () => (await owing()) === 0);
  });
  return { steps, statements: statements.stop() };
}

async function owing(): Promise<number> {
  const text = "select count(*)::int as count from workflow_execution where owes_parent or owes_members";
  return (await harness.rows<{ count: number }>(text))[0]?.count ?? 0;
}

/** The most statements that one transaction sends. What follows an end comes later, in transactions of its own. */
function countStatements(): { stop(): number } {
  const { db } = harness.context;
  const { transaction } = db;
  let most = 0;
  const spy = vi.spyOn(db, "transaction").mockImplementation(
    (work) =>
      transaction.call(db, (tx) => {
        let sent = 0;
        const query: typeof tx.query = (statement) => {
          sent += 1;
          most = Math.max(most, sent);
          return tx.query(statement);
        };
        return work({ ...tx, query });
      }) as ReturnType<typeof work>,
  );
  return {
    stop: () => {
      spy.mockRestore();
      return most;
    },
  };
}

describe.each(Object.entries(scenarios))("a submission of %s", (_, ofType) => {
  const named = ofType.map((scenario) => [scenario.name, scenario] as const);
  it.each(named)("%s costs steps that grow with their number, and no more statements", async (_name, scenario) => {
    // What runs for the first time is counted otherwise.
    await costOf(scenario, 10);
    const costs = [];
    for (const size of sizes) costs.push(await costOf(scenario, size));
    const [small, medium, large] = costs as [Cost, Cost, Cost];
    expect(medium.steps / small.steps).toBeLessThan(2.2);
    expect(large.steps / medium.steps).toBeLessThan(2.2);
    expect([medium.statements, large.statements]).toEqual([small.statements, small.statements]);
  });
});

type Cost = Awaited<ReturnType<typeof costOf>>;
