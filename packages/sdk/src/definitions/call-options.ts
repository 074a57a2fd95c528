import { deadline, freeName, key, keyTtl, maxRetries, priority, queue } from "../options/checks.js";
import type { OptionTable } from "../options/read-options.js";
import { retry } from "./retry.js";
import type { ChildWorkflowOptions, PromiseOptions, ScheduleOptions } from "./workflow-context.js";

/** How the options of the calls of a workflow context are checked. */

export const scheduleTable = {
  queue,
  priority,
  timeout: deadline,
  retry,
  maxRetries,
  idempotencyKey: key,
  idempotencyKeyTtl: keyTtl,
} satisfies OptionTable<ScheduleOptions>;

export const promiseTable = {
  timeout: deadline,
  idempotencyKey: key,
  idempotencyKeyTtl: keyTtl,
} satisfies OptionTable<PromiseOptions>;

export const childWorkflowTable = { name: freeName, queue, priority } satisfies OptionTable<ChildWorkflowOptions>;
