-- Workers with a session stream are noticed sooner when they and their gateway die together. Adds a column with a constant
-- default, which locks the table for an instant, and a small partial index on a table of one row for each worker.
ALTER TABLE "worker_presence" ADD COLUMN "session" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "worker_presence_session" ON "worker_presence" USING btree ("last_seen_at") WHERE session and lost_at is null;