import { WorkflowStatus } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import { taskWorkloads } from "../../task-workloads.js";
import { decideTasks } from "./decide-tasks.js";
import type { Activation } from "./worker.js";

/** Replays a workflow whose tasks end in the given order, as long as there is something to end. */
class Replay {
  readonly #events: Activation["events"][number][] = [];

  append(eventType: string, data: object): void {
    const sequenceNumber = this.#events.length + 1;
    this.#events.push({ sequenceNumber, eventType, eventData: Buffer.from(JSON.stringify(data)) });
  }

  activate(workload: (typeof taskWorkloads)[keyof typeof taskWorkloads]) {
    const execution = { id: "a", input: Buffer.from('{"n":7}') };
    const submission = decideTasks(workload)({ execution, events: this.#events, polledAt: 0, readAt: 0 });
    const tasks = submission.commands.flatMap(({ commandData }) =>
      commandData?.$case === "scheduleTask" ? [commandData.value] : [],
    );
    for (const { taskExecutionId } of tasks) this.append("TASK_SCHEDULED", { taskExecutionId });
    const [command] = submission.commands;
    const output =
      command?.commandData?.$case === "completeWorkflow" ? command.commandData.value.output.toString() : undefined;
    return { status: submission.status, tasks, output };
  }

  complete({ taskExecutionId, input }: { taskExecutionId: string; input: Buffer }): void {
    this.append("TASK_COMPLETED", { taskExecutionId, output: JSON.parse(input.toString()) });
  }
}

describe("decideTasks", () => {
  it("completes a workflow without tasks at once", () => {
    expect(new Replay().activate(taskWorkloads.w1)).toMatchObject({
      status: WorkflowStatus.COMPLETED,
      output: '{"n":7}',
    });
  });

  it("schedules the next task of a sequence when the one before has ended, not earlier", () => {
    const replay = new Replay();
    for (let part = 0; part < 10; part++) {
      const { status, tasks } = replay.activate(taskWorkloads.w3);
      expect(status).toBe(WorkflowStatus.SUSPENDED);
      expect(tasks.map(({ input }) => JSON.parse(input.toString()))).toEqual([{ n: 7, part }]);
      expect(replay.activate(taskWorkloads.w3).tasks).toEqual([]);
      for (const task of tasks) replay.complete(task);
    }
    expect(replay.activate(taskWorkloads.w3)).toMatchObject({ status: WorkflowStatus.COMPLETED, output: '{"n":7}' });
  });

  it("schedules all tasks of a fan-out at once, and joins them in whatever order they end", () => {
    const replay = new Replay();
    const { tasks } = replay.activate(taskWorkloads.w4);
    expect(tasks).toHaveLength(100);
    const [last, ...others] = tasks;
    for (const task of others.reverse()) replay.complete(task);
    expect(replay.activate(taskWorkloads.w4)).toMatchObject({ status: WorkflowStatus.SUSPENDED, tasks: [] });
    if (last !== undefined) replay.complete(last);
    expect(replay.activate(taskWorkloads.w4)).toMatchObject({ status: WorkflowStatus.COMPLETED, output: '{"n":7}' });
  });

  it("has another output when a task gave back something else", () => {
    const replay = new Replay();
    const [task] = replay.activate(taskWorkloads.w2).tasks;
    replay.append("TASK_COMPLETED", { taskExecutionId: task?.taskExecutionId, output: { n: 8, part: 0 } });
    expect(replay.activate(taskWorkloads.w2).output).toBe('[{"n":8,"part":0}]');
  });
});
