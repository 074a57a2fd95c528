-- Indexes of lists get a predicate that every row meets and that lists alone name. Without, Postgres also took them for look-ups
-- by org and id, on databases without statistics, and walked all rows of the org for each. Building the three indexes reads
-- both tables and blocks writes meanwhile, about 1 s for a million executions each. Processes of the version before
-- list without an index.
DROP INDEX "task_execution_partition";--> statement-breakpoint
DROP INDEX "workflow_execution_created";--> statement-breakpoint
DROP INDEX "workflow_execution_partition";--> statement-breakpoint
CREATE INDEX "task_execution_partition" ON "task_execution" USING btree ("org_id","partition_key","id") WHERE partition_key >= 0;--> statement-breakpoint
CREATE INDEX "workflow_execution_created" ON "workflow_execution" USING btree ("org_id","created_at","id") WHERE created_at > '-infinity';--> statement-breakpoint
CREATE INDEX "workflow_execution_partition" ON "workflow_execution" USING btree ("org_id","partition_key","id") WHERE partition_key >= 0;