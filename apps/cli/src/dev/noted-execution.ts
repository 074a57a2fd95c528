import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FlovynServiceError, WorkflowCancelledError, WorkflowFailedError } from "@flovyn/sdk";

export interface NotedExecution {
  /** Data directory of the server. */
  dataDir: string;
  /** Stands for what is executed: one execution for each name. */
  name: string;
  start: () => Promise<{ id: string }>;
  say: (line: string) => void;
}

/**
 * Starts an execution, or goes on with the one that a process which was killed has left, and gives what `follow` gives. The
 * execution is noted in the data directory until it ends.
 */
export async function withNotedExecution<Result>(
  { dataDir, name, start, say }: NotedExecution,
  follow: (id: string) => Promise<Result>,
): Promise<Result> {
  const note = join(resolve(dataDir), `demo-${name}.json`);
  const noted = readNote(note);
  const id = noted ?? (await start()).id;
  say(noted === undefined ? `workflow ${id}` : `workflow ${id}, continued`);
  writeNote(note, id);
  try {
    const result = await follow(id);
    rmSync(note, { force: true });
    return result;
  } catch (error) {
    if (isOver(error)) rmSync(note, { force: true });
    throw error;
  }
}

/** An execution that ended without a result, or that is not there any more, is not continued. */
function isOver(error: unknown): boolean {
  if (error instanceof FlovynServiceError) return error.code === "NOT_FOUND";
  return error instanceof WorkflowFailedError || error instanceof WorkflowCancelledError;
}

function readNote(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, "utf8")) as { id: string }).id;
}

/** Written beside and renamed: a kill in the middle leaves the old note or the new one. */
function writeNote(file: string, id: string): void {
  writeFileSync(`${file}.new`, JSON.stringify({ id }));
  renameSync(`${file}.new`, file);
}
