-- The size of each history, kept by the statements that append to it, so that a limit costs no read. A column without a
-- default locks workflow_execution for an instant, whatever its size; no row is rewritten. It is null for executions that
-- exist already, until something is appended to them: until then lengths of their events are summed where the size is
-- asked for. What a process of the version before appends to an execution that has its size already is not counted.
ALTER TABLE "workflow_execution" ADD COLUMN "history_bytes" bigint;
