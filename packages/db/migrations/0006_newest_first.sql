-- Lists by the time of creation, since ids do not ascend with it where callers choose them. Building the index reads
-- workflow_execution once and blocks writes meanwhile, about 1 s for a million executions. Where that is too long, build it
-- with CREATE INDEX CONCURRENTLY under this name beforehand. A process of the version before lists without an index.
CREATE INDEX IF NOT EXISTS "workflow_execution_created" ON "workflow_execution" USING btree ("org_id","created_at","id");--> statement-breakpoint
CREATE INDEX "organization_created" ON "organization" USING btree ("created_at","id");--> statement-breakpoint
DROP INDEX "workflow_execution_org";
