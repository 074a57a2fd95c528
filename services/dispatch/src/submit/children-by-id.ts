import { type Executor, findChildrenByName } from "@flovyn/db";
import { type Submission, substituteId, type WorkflowCommand } from "@flovyn/domain";

interface Item {
  orgId: string;
  workflowId: string;
  submission: Submission;
}

/**
 * The items with ids in commands that name a child to cancel only by its name: rows are locked by id, all at once, so the
 * ids have to be known before. A child that is not there yet keeps its name: the same submission may schedule it.
 */
export async function nameChildrenById<T extends Item>(tx: Executor, items: readonly T[]): Promise<readonly T[]> {
  const wanted = items.flatMap(({ workflowId, submission }) =>
    submission.commands.flatMap((command) => (isByName(command) ? [{ parentId: workflowId, name: command.name }] : [])),
  );
  if (wanted.length === 0) return items;
  const ids = await findChildrenByName(tx, wanted);
  return items.map((item) => {
    const commands = item.submission.commands.map((command) =>
      isByName(command) ? { ...command, childId: ids.get(`${item.workflowId}/${command.name}`)?.id ?? null } : command,
    );
    return { ...item, submission: { ...item.submission, commands } };
  });
}

/** The children that the items want to cancel, as far as they are known by id; also what their ids may stand for. */
export function childrenToCancel(items: readonly Item[]): { orgId: string; id: string }[] {
  return items.flatMap(({ orgId, workflowId, submission }) =>
    submission.commands.flatMap((command) => {
      if (command.type !== "REQUEST_CANCEL_CHILD_WORKFLOW" || command.childId === null) return [];
      const ids = [command.childId, substituteId({ orgId, workflowId }, command.childId)];
      return ids.map((id) => ({ orgId, id }));
    }),
  );
}

type CancelChild = Extract<WorkflowCommand, { type: "REQUEST_CANCEL_CHILD_WORKFLOW" }>;

function isByName(command: WorkflowCommand): command is CancelChild & { childId: null } {
  return command.type === "REQUEST_CANCEL_CHILD_WORKFLOW" && command.childId === null;
}
