-- Credentials of workers, the audit log, and limits of an org. Two new tables, and a column with a constant default, which
-- locks organization for an instant. Audit entries are never changed; deletion is left to retention, which announces itself.
CREATE TABLE "audit_entry" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid,
	"occurred_at" timestamp with time zone NOT NULL,
	"principal_type" varchar(20) NOT NULL,
	"principal_id" varchar(255) NOT NULL,
	"role" varchar(50) NOT NULL,
	"action" varchar(100) NOT NULL,
	"resource_type" varchar(50) NOT NULL,
	"resource_id" varchar(255) NOT NULL,
	"outcome" varchar(10) NOT NULL,
	"reason" varchar(500) NOT NULL,
	"address" text NOT NULL,
	"request_id" varchar(128) NOT NULL,
	"door" varchar(10) NOT NULL,
	CONSTRAINT "audit_entry_outcome" CHECK ("audit_entry"."outcome" in ('allowed', 'denied', 'failed')),
	CONSTRAINT "audit_entry_door" CHECK ("audit_entry"."door" in ('grpc', 'http'))
);
--> statement-breakpoint
CREATE TABLE "worker_token" (
	"id" uuid PRIMARY KEY NOT NULL,
	"org_id" uuid NOT NULL,
	"display_name" varchar(255) NOT NULL,
	"prefix" varchar(16) NOT NULL,
	"hash" "bytea" NOT NULL,
	"secret_id" varchar(32) NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"revoked_by" text,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "worker_token_hash" CHECK (length("worker_token"."hash") = 32),
	CONSTRAINT "worker_token_revoked" CHECK (("worker_token"."revoked_at" is null) = ("worker_token"."revoked_by" is null))
);
--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "quotas" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "worker_token" ADD CONSTRAINT "worker_token_org_id_organization_id_fk" FOREIGN KEY ("org_id") REFERENCES "organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entry_org" ON "audit_entry" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "worker_token_prefix" ON "worker_token" USING btree ("prefix");--> statement-breakpoint
CREATE INDEX "worker_token_org" ON "worker_token" USING btree ("org_id","id");
--> statement-breakpoint
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('flovyn.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit entries are append-only' USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW
  EXECUTE FUNCTION refuse_audit_change();
--> statement-breakpoint
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT
  EXECUTE FUNCTION refuse_audit_change();
