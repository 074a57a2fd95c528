import { checkLength, invalidField, parseExecutionId, parseKind, parseQueue, workflowStatuses } from "@flovyn/domain";
import type { ListAuditRequest, ListWorkflowsRequest } from "@flovyn/proto/internal";
import type { Context } from "hono";
import { bareId } from "../authorization/bare-id.js";
import type { HttpEnv } from "./http-context.js";
import { parseTimeText } from "./time-text.js";

const pageSizeDefault = 20;
const pageSizeMax = 100;
/** Of events, which a page bounds by bytes as well. */
const eventPageMax = 1000;
const offsetMax = 100_000;
const sequenceMax = 2 ** 31 - 1;
const cursorLengthMax = 512;
const filterLengthMax = 255;

type Query = Readonly<Record<string, string>>;

/** An execution id of a path, in either form. Errors: InvalidInput. */
export function readExecutionId(text: string | undefined): string {
  const id = text ?? "";
  parseExecutionId(id, "id");
  return id;
}

/** The execution that the path of a request names. Errors: InvalidInput. */
export function readExecution(context: Context<HttpEnv>): { id: string } {
  return { id: readExecutionId(context.req.param("id")) };
}

/** Errors: InvalidInput naming the parameter. */
export function readListWorkflowsQuery(query: Query): ListWorkflowsRequest {
  const cursor = readCursor(query);
  if (cursor !== "" && query.offset !== undefined) throw invalidField("offset", "must not be given with cursor");
  return {
    limit: readInteger(query, "limit", { min: 1, max: pageSizeMax, absent: pageSizeDefault }),
    offset: readInteger(query, "offset", { min: 0, max: offsetMax, absent: 0 }),
    cursor,
    status: readStatus(query.status),
    kind: query.kind === undefined ? "" : parseKind(query.kind, "kind"),
    queue: query.queue === undefined ? "" : parseQueue(query.queue, "queue", ""),
    activationFailing: readSwitch(query, "activationFailing"),
  };
}

function readSwitch(query: Query, name: string): boolean {
  const text = query[name] ?? "false";
  if (text !== "true" && text !== "false") throw invalidField(name, "must be true or false");
  return text === "true";
}

/** Which page of a list is wanted. Errors: InvalidInput naming the parameter. */
export function readPageQuery(query: Query): { limit: number; cursor: string } {
  return {
    limit: readInteger(query, "limit", { min: 1, max: pageSizeMax, absent: pageSizeDefault }),
    cursor: readCursor(query),
  };
}

/** Errors: InvalidInput naming the parameter. */
export function readAuditQuery(query: Query): ListAuditRequest {
  const text = (name: string) => checkLength(query[name] ?? "", name, filterLengthMax);
  return {
    ...readPageQuery(query),
    action: text("action"),
    principalId: text("principal"),
    resourceId: bareId(text("resource")) ?? text("resource"),
    outcome: text("outcome"),
    fromMs: readTime(query, "from"),
    toMs: readTime(query, "to"),
  };
}

function readTime(query: Query, name: string): number | undefined {
  const text = query[name];
  return text === undefined || text === "" ? undefined : parseTimeText(text, name);
}

/**
 * Which events of a history are wanted: one page of them when `limit` or `cursor` is given, else all after the sequence.
 * Errors: InvalidInput naming the parameter.
 */
export function readListEventsQuery(query: Query): {
  sinceSequence: number;
  limit: number;
  cursor: string;
  isPage: boolean;
} {
  const cursor = readCursor(query);
  if (cursor !== "" && query.sinceSequence !== undefined) {
    throw invalidField("sinceSequence", "must not be given with cursor");
  }
  return {
    sinceSequence: readInteger(query, "sinceSequence", { min: 0, max: sequenceMax, absent: 0 }),
    limit: readInteger(query, "limit", { min: 1, max: eventPageMax, absent: eventPageMax }),
    cursor,
    isPage: cursor !== "" || query.limit !== undefined,
  };
}

function readCursor(query: Query): string {
  const cursor = query.cursor ?? "";
  if (cursor.length > cursorLengthMax) throw invalidField("cursor", "is not a cursor of this list");
  return cursor;
}

function readStatus(text: string | undefined): string {
  if (text === undefined || text === "") return "";
  if (!workflowStatuses.some((status) => status === text)) {
    throw invalidField("status", `must be one of ${workflowStatuses.join(", ")}`);
  }
  return text;
}

function readInteger(query: Query, name: string, range: { min: number; max: number; absent: number }): number {
  const text = query[name];
  if (text === undefined) return range.absent;
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) {
    throw invalidField(name, `must be an integer from ${range.min} to ${range.max}`);
  }
  return value;
}
