-- Timers, promises, children that report to their parent, and signals with an id of their own. New tables, and columns with
-- constant defaults, which lock workflow_execution for an instant. The two indexes on workflow_execution are partial and
-- cover no row that exists before this version, but building them reads the table once and blocks writes meanwhile: about
-- 1 s for a million executions. The key of a promise is taken before its row is written, so that reference is deferred.
CREATE TABLE "promise" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	"run" integer NOT NULL,
	"name" varchar(255) NOT NULL,
	"status" varchar(20) NOT NULL,
	"value" "bytea",
	"error" text,
	"timeout_at" timestamp with time zone,
	"created_by_sequence" integer NOT NULL,
	"settled_by_sequence" integer,
	"settled_by" text,
	"created_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "promise_status" CHECK ("promise"."status" in ('OPEN', 'RESOLVED', 'REJECTED', 'TIMED_OUT', 'CANCELLED')),
	CONSTRAINT "promise_settled" CHECK (("promise"."settled_at" is null) = ("promise"."status" = 'OPEN'))
);
--> statement-breakpoint
CREATE TABLE "workflow_signal" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	"run" integer NOT NULL,
	"signal_id" varchar(255) NOT NULL,
	"sequence_number" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "timer" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"workflow_execution_id" uuid NOT NULL,
	"run" integer NOT NULL,
	"timer_id" varchar(255) NOT NULL,
	"duration_ms" bigint NOT NULL,
	"fire_at" timestamp with time zone NOT NULL,
	"status" varchar(20) NOT NULL,
	"created_by_sequence" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "timer_status" CHECK ("timer"."status" in ('ARMED', 'FIRED', 'CANCELLED')),
	CONSTRAINT "timer_ended" CHECK (("timer"."ended_at" is null) = ("timer"."status" = 'ARMED'))
);
--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "initiated_sequence" integer;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "signal_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "has_waits" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "owes_parent" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "owes_members" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "promise" ADD CONSTRAINT "promise_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workflow_signal" ADD CONSTRAINT "workflow_signal_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "timer" ADD CONSTRAINT "timer_workflow_execution_id_workflow_execution_id_fk" FOREIGN KEY ("workflow_execution_id") REFERENCES "workflow_execution"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "promise_workflow" ON "promise" USING btree ("workflow_execution_id","name");--> statement-breakpoint
CREATE INDEX "promise_timeout" ON "promise" USING btree ("timeout_at","id") WHERE status = 'OPEN' and timeout_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_signal_id" ON "workflow_signal" USING btree ("workflow_execution_id","run","signal_id");--> statement-breakpoint
CREATE UNIQUE INDEX "timer_workflow" ON "timer" USING btree ("workflow_execution_id","run","timer_id");--> statement-breakpoint
CREATE INDEX "timer_due" ON "timer" USING btree ("fire_at","id") WHERE status = 'ARMED';--> statement-breakpoint
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_promise_fk" FOREIGN KEY ("promise_id") REFERENCES "promise"("id") ON DELETE cascade ON UPDATE no action DEFERRABLE INITIALLY DEFERRED;--> statement-breakpoint
CREATE INDEX "idempotency_key_promise" ON "idempotency_key" USING btree ("promise_id") WHERE promise_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "workflow_execution_child_name" ON "workflow_execution" USING btree ("parent_workflow_execution_id","child_execution_name") WHERE child_execution_name is not null;--> statement-breakpoint
CREATE INDEX "workflow_execution_owing" ON "workflow_execution" USING btree ("completed_at","id") WHERE owes_parent or owes_members;
