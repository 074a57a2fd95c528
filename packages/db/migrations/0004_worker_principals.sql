-- A worker id means a worker of the principal that names it. Claims, signs of life and registrations from before do not say
-- whose they are; statements treat those apart. The new columns are null or constant, which locks each of the four tables for
-- an instant; the two unique indexes are on tables of a row or two for each worker. Replicas of dispatch of the version before
-- can neither register workers nor note signs of life from here on: restart them all, gateways repeat what they reported.
DROP INDEX "worker_org_name";--> statement-breakpoint
DROP INDEX "worker_presence_key";--> statement-breakpoint
ALTER TABLE "task_execution" ADD COLUMN "worker_principal" text;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "principal" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "worker_presence" ADD COLUMN "principal" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_execution" ADD COLUMN "worker_principal" text;--> statement-breakpoint
CREATE UNIQUE INDEX "worker_name_of_principal" ON "worker" USING btree ("org_id","worker_name","principal");--> statement-breakpoint
CREATE UNIQUE INDEX "worker_presence_of_principal" ON "worker_presence" USING btree ("org_id","worker_key","principal");