-- The first schema. Runs on an empty database, so nothing it locks is in use.
-- Edited after generation: no schema name is fixed; the key of an execution may be taken before the execution's row
-- exists, in the same transaction, so that reference is deferred; transitions are guarded against changes.
CREATE TABLE "cluster_setting" (
	"id" uuid PRIMARY KEY NOT NULL,
	"partition_count" smallint NOT NULL,
	"singleton" smallint DEFAULT 1 NOT NULL,
	CONSTRAINT "one_row" CHECK ("cluster_setting"."singleton" = 1)
);
--> statement-breakpoint
CREATE TABLE "organization" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" varchar(255) NOT NULL,
	"slug" varchar(100) NOT NULL,
	"tier" varchar(50) DEFAULT 'FREE' NOT NULL,
	"region" varchar(50),
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "organization_slug_form" CHECK ("organization"."slug" ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);
--> statement-breakpoint
CREATE TABLE "queue" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"name" varchar(100) NOT NULL,
	"state" varchar(20) DEFAULT 'open' NOT NULL,
	"registered_at" timestamp with time zone NOT NULL,
	"registered_by" text NOT NULL,
	"defaults" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "queue_state" CHECK ("queue"."state" in ('open', 'paused', 'draining', 'disabled'))
);
--> statement-breakpoint
CREATE TABLE "task_attempt" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"task_execution_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"attempt_type" varchar(10) NOT NULL,
	"worker_id" text,
	"claim_epoch" integer NOT NULL,
	"status" varchar(20) NOT NULL,
	"output" "bytea",
	"error" text,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "task_attempt_status" CHECK ("task_attempt"."status" in ('COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED', 'RECLAIMED'))
);
--> statement-breakpoint
CREATE TABLE "task_execution" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"team_id" uuid,
	"kind" varchar(255) NOT NULL,
	"namespace" varchar(255),
	"queue" varchar(100) NOT NULL,
	"status" varchar(20) NOT NULL,
	"blocked_by" varchar(20),
	"terminal_reason" varchar(40),
	"partition_key" smallint NOT NULL,
	"root_execution_id" uuid NOT NULL,
	"correlation_id" uuid,
	"parent_correlation_id" uuid,
	"created_by" text,
	"source_system" text,
	"reason" text,
	"input" "bytea" NOT NULL,
	"output" "bytea",
	"error" text,
	"payload_encoding" varchar(20),
	"request_hash" "bytea",
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"policy" jsonb,
	"priority_ms" bigint DEFAULT 0 NOT NULL,
	"available_at" timestamp with time zone NOT NULL,
	"dispatch_at" timestamp with time zone NOT NULL,
	"required_capabilities" text[],
	"worker_pool_id" text,
	"claim_epoch" integer DEFAULT 0 NOT NULL,
	"worker_id" text,
	"lease_expires_at" timestamp with time zone,
	"own_lease_ms" integer,
	"deadline_at" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	"cancellation_reason" varchar(500),
	"cancelled_by" text,
	"transition_count" integer DEFAULT 0 NOT NULL,
	"has_idempotency_key" boolean DEFAULT false NOT NULL,
	"traceparent" varchar(55) DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"workflow_execution_id" uuid,
	"scheduled_sequence" integer,
	"execution_count" integer DEFAULT 0 NOT NULL,
	"failure_count" integer DEFAULT 0 NOT NULL,
	"reclaim_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer DEFAULT 3 NOT NULL,
	"progress" double precision,
	"progress_details" text,
	"last_heartbeat_at" timestamp with time zone,
	"step_name" varchar(255),
	"named_step_id" uuid,
	"definition_step_id" uuid,
	"remaining_deps" integer,
	"resolution" varchar(20),
	CONSTRAINT "task_status" CHECK ("task_execution"."status" in ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
	CONSTRAINT "task_kind_not_blank" CHECK (btrim("task_execution"."kind") <> ''),
	CONSTRAINT "task_partition" CHECK ("task_execution"."partition_key" between 0 and 255),
	CONSTRAINT "task_terminal_has_end" CHECK (("task_execution"."completed_at" is not null) = ("task_execution"."status" in ('COMPLETED', 'FAILED', 'CANCELLED'))),
	CONSTRAINT "task_lease_while_running" CHECK ("task_execution"."lease_expires_at" is null or "task_execution"."status" = 'RUNNING'),
	CONSTRAINT "task_blocked_while_pending" CHECK ("task_execution"."blocked_by" is null or "task_execution"."status" = 'PENDING')
);
--> statement-breakpoint
CREATE TABLE "task_execution_log" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"task_execution_id" uuid NOT NULL,
	"level" varchar(10) NOT NULL,
	"message" text NOT NULL,
	"timestamp" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "task_execution_log_level" CHECK ("task_execution_log"."level" in ('DEBUG', 'INFO', 'WARN', 'ERROR'))
);
--> statement-breakpoint
CREATE TABLE "task_state" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_execution_id" uuid NOT NULL,
	"key" varchar(255) NOT NULL,
	"value" "bytea" NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "task_transition" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"from_state" varchar(20),
	"to_state" varchar(20) NOT NULL,
	"actor_type" varchar(10) NOT NULL,
	"actor_id" text NOT NULL,
	"reason" text,
	"attempt" integer NOT NULL,
	"claim_epoch" integer NOT NULL,
	"metadata" jsonb,
	"sort_key" integer NOT NULL,
	"most_recent" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"task_execution_id" uuid NOT NULL,
	CONSTRAINT "task_transition_states" CHECK ("task_transition"."to_state" in ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
	CONSTRAINT "task_transition_actor" CHECK ("task_transition"."actor_type" in ('worker', 'system', 'user', 'graph'))
);
--> statement-breakpoint
CREATE TABLE "workflow_transition" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"from_state" varchar(20),
	"to_state" varchar(20) NOT NULL,
	"actor_type" varchar(10) NOT NULL,
	"actor_id" text NOT NULL,
	"reason" text,
	"attempt" integer NOT NULL,
	"claim_epoch" integer NOT NULL,
	"metadata" jsonb,
	"sort_key" integer NOT NULL,
	"most_recent" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	CONSTRAINT "workflow_transition_states" CHECK ("workflow_transition"."to_state" in ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED')),
	CONSTRAINT "workflow_transition_actor" CHECK ("workflow_transition"."actor_type" in ('worker', 'system', 'user', 'graph'))
);
--> statement-breakpoint
CREATE TABLE "task_definition" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"team_id" uuid,
	"kind" varchar(255) NOT NULL,
	"name" varchar(255) NOT NULL,
	"description" text NOT NULL,
	"timeout_seconds" integer,
	"retry_policy" "bytea" NOT NULL,
	"tags" text[] NOT NULL,
	"cancellable" boolean DEFAULT false NOT NULL,
	"input_schema" "bytea" NOT NULL,
	"output_schema" "bytea" NOT NULL,
	"metadata" "bytea" NOT NULL,
	"availability_status" varchar(20) DEFAULT 'AVAILABLE' NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_registered_at" timestamp with time zone NOT NULL,
	CONSTRAINT "task_definition_kind" UNIQUE NULLS NOT DISTINCT("org_id","team_id","kind")
);
--> statement-breakpoint
CREATE TABLE "worker" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"team_id" uuid,
	"worker_name" varchar(255) NOT NULL,
	"worker_version" varchar(50) NOT NULL,
	"worker_type" varchar(20) NOT NULL,
	"host_name" varchar(255) NOT NULL,
	"process_id" varchar(50) NOT NULL,
	"status" varchar(20) DEFAULT 'ONLINE' NOT NULL,
	"metadata" "bytea" NOT NULL,
	"last_heartbeat_at" timestamp with time zone NOT NULL,
	"registered_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "worker_type" CHECK ("worker"."worker_type" in ('WORKFLOW', 'TASK', 'UNIFIED')),
	CONSTRAINT "worker_status" CHECK ("worker"."status" in ('ONLINE', 'OFFLINE', 'DEGRADED'))
);
--> statement-breakpoint
CREATE TABLE "worker_presence" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"worker_key" text NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"lost_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "worker_task_capability" (
	"id" uuid PRIMARY KEY NOT NULL,
	"worker_id" uuid NOT NULL,
	"definition_id" uuid NOT NULL,
	"registered_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "worker_workflow_capability" (
	"id" uuid PRIMARY KEY NOT NULL,
	"worker_id" uuid NOT NULL,
	"definition_id" uuid NOT NULL,
	"version" varchar(50) NOT NULL,
	"content_hash" varchar(128) NOT NULL,
	"registered_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workflow_definition" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"team_id" uuid,
	"kind" varchar(255) NOT NULL,
	"name" varchar(255) NOT NULL,
	"description" text NOT NULL,
	"timeout_seconds" integer,
	"retry_policy" "bytea" NOT NULL,
	"tags" text[] NOT NULL,
	"cancellable" boolean DEFAULT false NOT NULL,
	"latest_version" varchar(50) NOT NULL,
	"input_schema" "bytea" NOT NULL,
	"output_schema" "bytea" NOT NULL,
	"metadata" "bytea" NOT NULL,
	"availability_status" varchar(20) DEFAULT 'AVAILABLE' NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_registered_at" timestamp with time zone NOT NULL,
	CONSTRAINT "workflow_definition_kind" UNIQUE NULLS NOT DISTINCT("org_id","team_id","kind")
);
--> statement-breakpoint
CREATE TABLE "idempotency_key" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"key" varchar(255) NOT NULL,
	"workflow_execution_id" uuid,
	"task_execution_id" uuid,
	"promise_id" uuid,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "idempotency_key_one_owner" CHECK (num_nonnulls("idempotency_key"."workflow_execution_id", "idempotency_key"."task_execution_id", "idempotency_key"."promise_id") <= 1)
);
--> statement-breakpoint
CREATE TABLE "workflow_event" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	"run" integer NOT NULL,
	"sequence_number" integer NOT NULL,
	"event_type" varchar(100) NOT NULL,
	"event_data" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "workflow_event_sequence_positive" CHECK ("workflow_event"."sequence_number" > 0)
);
--> statement-breakpoint
CREATE TABLE "workflow_execution" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"team_id" uuid,
	"kind" varchar(255) NOT NULL,
	"namespace" varchar(255),
	"queue" varchar(100) NOT NULL,
	"status" varchar(20) NOT NULL,
	"blocked_by" varchar(20),
	"terminal_reason" varchar(40),
	"partition_key" smallint NOT NULL,
	"root_execution_id" uuid NOT NULL,
	"correlation_id" uuid,
	"parent_correlation_id" uuid,
	"created_by" text,
	"source_system" text,
	"reason" text,
	"input" "bytea" NOT NULL,
	"output" "bytea",
	"error" text,
	"payload_encoding" varchar(20),
	"request_hash" "bytea",
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"policy" jsonb,
	"priority_ms" bigint DEFAULT 0 NOT NULL,
	"available_at" timestamp with time zone NOT NULL,
	"dispatch_at" timestamp with time zone NOT NULL,
	"required_capabilities" text[],
	"worker_pool_id" text,
	"claim_epoch" integer DEFAULT 0 NOT NULL,
	"worker_id" text,
	"lease_expires_at" timestamp with time zone,
	"own_lease_ms" integer,
	"deadline_at" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	"cancellation_reason" varchar(500),
	"cancelled_by" text,
	"transition_count" integer DEFAULT 0 NOT NULL,
	"has_idempotency_key" boolean DEFAULT false NOT NULL,
	"traceparent" varchar(55) DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"mode" varchar(10) DEFAULT 'CODE' NOT NULL,
	"run" integer DEFAULT 1 NOT NULL,
	"current_sequence" integer NOT NULL,
	"external_sequence" integer DEFAULT 0 NOT NULL,
	"wake_pending" boolean DEFAULT false NOT NULL,
	"workflow_task_time_millis" bigint,
	"workflow_version" varchar(50),
	"workflow_definition_id" uuid,
	"parent_workflow_execution_id" uuid,
	"child_execution_name" varchar(255),
	CONSTRAINT "workflow_status" CHECK ("workflow_execution"."status" in ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED')),
	CONSTRAINT "workflow_mode" CHECK ("workflow_execution"."mode" in ('CODE', 'GRAPH')),
	CONSTRAINT "workflow_partition" CHECK ("workflow_execution"."partition_key" between 0 and 255),
	CONSTRAINT "workflow_terminal_has_end" CHECK (("workflow_execution"."completed_at" is not null) = ("workflow_execution"."status" in ('COMPLETED', 'FAILED', 'CANCELLED'))),
	CONSTRAINT "workflow_lease_while_running" CHECK ("workflow_execution"."lease_expires_at" is null or "workflow_execution"."status" = 'RUNNING'),
	CONSTRAINT "workflow_blocked_while_pending" CHECK ("workflow_execution"."blocked_by" is null or "workflow_execution"."status" = 'PENDING')
);
--> statement-breakpoint
CREATE TABLE "workflow_state" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	"key" varchar(255) NOT NULL,
	"value" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "queue" ADD CONSTRAINT "queue_org_id_organization_id_fk" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_attempt" ADD CONSTRAINT "task_attempt_task_execution_id_task_execution_id_fk" FOREIGN KEY ("task_execution_id") REFERENCES "task_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_execution" ADD CONSTRAINT "task_execution_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_execution_log" ADD CONSTRAINT "task_execution_log_task_execution_id_task_execution_id_fk" FOREIGN KEY ("task_execution_id") REFERENCES "task_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_state" ADD CONSTRAINT "task_state_task_execution_id_task_execution_id_fk" FOREIGN KEY ("task_execution_id") REFERENCES "task_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_transition" ADD CONSTRAINT "task_transition_task_execution_id_task_execution_id_fk" FOREIGN KEY ("task_execution_id") REFERENCES "task_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_transition" ADD CONSTRAINT "workflow_transition_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_definition" ADD CONSTRAINT "task_definition_org_id_organization_id_fk" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker" ADD CONSTRAINT "worker_org_id_organization_id_fk" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_task_capability" ADD CONSTRAINT "worker_task_capability_worker_id_worker_id_fk" FOREIGN KEY ("worker_id") REFERENCES "worker"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_task_capability" ADD CONSTRAINT "worker_task_capability_definition_id_task_definition_id_fk" FOREIGN KEY ("definition_id") REFERENCES "task_definition"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_workflow_capability" ADD CONSTRAINT "worker_workflow_capability_worker_id_worker_id_fk" FOREIGN KEY ("worker_id") REFERENCES "worker"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_workflow_capability" ADD CONSTRAINT "worker_workflow_capability_definition_id_workflow_definition_id_fk" FOREIGN KEY ("definition_id") REFERENCES "workflow_definition"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_definition" ADD CONSTRAINT "workflow_definition_org_id_organization_id_fk" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_workflow_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action DEFERRABLE INITIALLY DEFERRED;--> statement-breakpoint
ALTER TABLE "workflow_event" ADD CONSTRAINT "workflow_event_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD CONSTRAINT "workflow_execution_parent_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("parent_workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_state" ADD CONSTRAINT "workflow_state_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "cluster_setting_singleton" ON "cluster_setting" USING btree ("singleton");--> statement-breakpoint
CREATE UNIQUE INDEX "organization_slug" ON "organization" USING btree ("slug");--> statement-breakpoint
CREATE UNIQUE INDEX "queue_org_name" ON "queue" USING btree ("org_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "task_attempt_number" ON "task_attempt" USING btree ("task_execution_id","attempt");--> statement-breakpoint
CREATE INDEX "task_execution_claim" ON "task_execution" USING btree ("org_id","queue","dispatch_at","id") WHERE status = 'PENDING' and blocked_by is null;--> statement-breakpoint
CREATE INDEX "task_execution_lease" ON "task_execution" USING btree ("lease_expires_at") WHERE status = 'RUNNING';--> statement-breakpoint
CREATE INDEX "task_execution_worker" ON "task_execution" USING btree ("org_id","worker_id") WHERE status = 'RUNNING';--> statement-breakpoint
CREATE INDEX "task_execution_deadline" ON "task_execution" USING btree ("deadline_at") WHERE deadline_at is not null and status in ('PENDING', 'RUNNING');--> statement-breakpoint
CREATE INDEX "task_execution_workflow" ON "task_execution" USING btree ("workflow_execution_id") WHERE workflow_execution_id is not null;--> statement-breakpoint
CREATE INDEX "task_execution_org" ON "task_execution" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "task_execution_partition" ON "task_execution" USING btree ("org_id","partition_key","id");--> statement-breakpoint
CREATE INDEX "task_execution_log_time" ON "task_execution_log" USING btree ("task_execution_id","timestamp","id");--> statement-breakpoint
CREATE UNIQUE INDEX "task_state_key" ON "task_state" USING btree ("task_execution_id","key");--> statement-breakpoint
CREATE UNIQUE INDEX "task_transition_sort_key" ON "task_transition" USING btree ("task_execution_id","sort_key");--> statement-breakpoint
CREATE UNIQUE INDEX "task_transition_most_recent" ON "task_transition" USING btree ("task_execution_id") WHERE most_recent;--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_transition_sort_key" ON "workflow_transition" USING btree ("workflow_execution_id","sort_key");--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_transition_most_recent" ON "workflow_transition" USING btree ("workflow_execution_id") WHERE most_recent;--> statement-breakpoint
CREATE UNIQUE INDEX "worker_org_name" ON "worker" USING btree ("org_id","worker_name");--> statement-breakpoint
CREATE UNIQUE INDEX "worker_presence_key" ON "worker_presence" USING btree ("org_id","worker_key");--> statement-breakpoint
CREATE INDEX "worker_presence_lost" ON "worker_presence" USING btree ("lost_at") WHERE lost_at is not null;--> statement-breakpoint
CREATE INDEX "worker_presence_last_seen" ON "worker_presence" USING btree ("last_seen_at");--> statement-breakpoint
CREATE UNIQUE INDEX "worker_task_capability_pair" ON "worker_task_capability" USING btree ("worker_id","definition_id");--> statement-breakpoint
CREATE UNIQUE INDEX "worker_workflow_capability_pair" ON "worker_workflow_capability" USING btree ("worker_id","definition_id");--> statement-breakpoint
CREATE UNIQUE INDEX "idempotency_key_org_key" ON "idempotency_key" USING btree ("org_id","key");--> statement-breakpoint
CREATE INDEX "idempotency_key_workflow" ON "idempotency_key" USING btree ("workflow_execution_id") WHERE workflow_execution_id is not null;--> statement-breakpoint
CREATE INDEX "idempotency_key_task" ON "idempotency_key" USING btree ("task_execution_id") WHERE task_execution_id is not null;--> statement-breakpoint
CREATE INDEX "idempotency_key_expiry" ON "idempotency_key" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_event_sequence" ON "workflow_event" USING btree ("workflow_execution_id","run","sequence_number");--> statement-breakpoint
CREATE INDEX "workflow_execution_claim" ON "workflow_execution" USING btree ("org_id","queue","dispatch_at","id") WHERE status = 'PENDING' and blocked_by is null and mode = 'CODE';--> statement-breakpoint
CREATE INDEX "workflow_execution_lease" ON "workflow_execution" USING btree ("lease_expires_at") WHERE status = 'RUNNING';--> statement-breakpoint
CREATE INDEX "workflow_execution_worker" ON "workflow_execution" USING btree ("org_id","worker_id") WHERE status = 'RUNNING';--> statement-breakpoint
CREATE INDEX "workflow_execution_org" ON "workflow_execution" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "workflow_execution_partition" ON "workflow_execution" USING btree ("org_id","partition_key","id");--> statement-breakpoint
CREATE INDEX "workflow_execution_parent" ON "workflow_execution" USING btree ("parent_workflow_execution_id") WHERE parent_workflow_execution_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_state_key" ON "workflow_state" USING btree ("workflow_execution_id","key");
--> statement-breakpoint
-- Audit rows are never changed: only most_recent moves. The condition is checked without calling the function, so the
-- hot path pays for a comparison and no more. Deletion is left to retention, which announces itself.
CREATE FUNCTION refuse_transition_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND (current_setting('flovyn.retention', true) = 'on' OR pg_trigger_depth() > 1) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'transitions are append-only' USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER workflow_transition_append_only BEFORE UPDATE ON workflow_transition FOR EACH ROW
  WHEN ((OLD.id, OLD.org_id, OLD.workflow_execution_id, OLD.from_state, OLD.to_state, OLD.actor_type, OLD.actor_id, OLD.reason, OLD.attempt, OLD.claim_epoch, OLD.metadata, OLD.sort_key, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.workflow_execution_id, NEW.from_state, NEW.to_state, NEW.actor_type, NEW.actor_id, NEW.reason, NEW.attempt, NEW.claim_epoch, NEW.metadata, NEW.sort_key, NEW.created_at))
  EXECUTE FUNCTION refuse_transition_change();
--> statement-breakpoint
CREATE TRIGGER workflow_transition_no_delete BEFORE DELETE ON workflow_transition FOR EACH ROW
  EXECUTE FUNCTION refuse_transition_change();
--> statement-breakpoint
CREATE TRIGGER task_transition_append_only BEFORE UPDATE ON task_transition FOR EACH ROW
  WHEN ((OLD.id, OLD.org_id, OLD.task_execution_id, OLD.from_state, OLD.to_state, OLD.actor_type, OLD.actor_id, OLD.reason, OLD.attempt, OLD.claim_epoch, OLD.metadata, OLD.sort_key, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.org_id, NEW.task_execution_id, NEW.from_state, NEW.to_state, NEW.actor_type, NEW.actor_id, NEW.reason, NEW.attempt, NEW.claim_epoch, NEW.metadata, NEW.sort_key, NEW.created_at))
  EXECUTE FUNCTION refuse_transition_change();
--> statement-breakpoint
CREATE TRIGGER task_transition_no_delete BEFORE DELETE ON task_transition FOR EACH ROW
  EXECUTE FUNCTION refuse_transition_change();
--> statement-breakpoint
INSERT INTO cluster_setting (id, partition_count) VALUES ('00000000-0000-7000-8000-000000000001', 256);
