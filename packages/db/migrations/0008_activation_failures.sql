-- Workflows that their workers cannot run: how often in a row, why, and when they are tried again. New columns are null or
-- constant, which locks workflow_execution for an instant; building the index reads it once and blocks writes meanwhile,
-- about 0.3 s for a million executions, of which it holds none at first. The version before does not count failures.
ALTER TABLE "workflow_execution" ADD COLUMN "activation_failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "activation_failure_reason" varchar(50);--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "activation_failure_message" text;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "activation_failure_sequence" integer;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "activation_failed_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "workflow_execution_failing" ON "workflow_execution" USING btree ("org_id","created_at","id") WHERE activation_failures > 0;