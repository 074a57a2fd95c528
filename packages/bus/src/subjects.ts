/**
 * Every subject of the bus: the only place that builds or parses subject strings.
 *
 * | subject | publisher | listeners | payload | delivery | when lost |
 * |---|---|---|---|---|---|
 * | `flovyn.rpc.<service>` | any | queue group `<service>` | RequestBatch | request | caller gets Unavailable or Timeout |
 * | `flovyn.rpc.<service>.<instance>` | any | that replica | chunks of a large request | request | caller gets Unavailable |
 * | `flovyn.work.<kind>.<org>.<queue>` | dispatch, tasks | gateways with waiting pollers | empty | hint | the work sweep repeats it |
 * | `flovyn.ended.<org>` | dispatch | gateways with waiting result readers | EndedHint | hint | readers look again every 2 s |
 * | `flovyn.due.<service>` | dispatch, tasks | replicas of timers, promises, tasks | DueHint | hint | their slow look finds what is due |
 * | `flovyn.lifecycle.<org>` | all but the gateway | gateways with live streams of the org | LifecycleHint | hint | the stream misses it; history has it |
 * | `flovyn.streams.<org>.<execution>` | tasks | gateways with live streams of the execution | StreamHint | hint | the stream misses it |
 * | `flovyn.credentials` | dispatch | gateways that know worker tokens | RevokedHint | hint | gateways ask every 1.5 s whether what they know is valid |
 * | `_INBOX.flovyn.<process>.r` | a replica | the requester | ReplyBatch | reply | caller gets Unavailable |
 * | `_INBOX.flovyn.<process>.q<n>` | the broker | the requester | no-responders status for request batch n | reply | caller gets Unavailable a little later |
 * | `_INBOX.flovyn.<process>.a<n>` | the taker of chunks | their sender | acknowledgement of one chunk of stream n | reply | the sender gives the stream up |
 */
import { DomainError } from "@flovyn/domain";

declare const brand: unique symbol;
/** A checked subject for hints, made by the builders below. */
export type HintSubject = string & { readonly [brand]: "HintSubject" };

export type WorkKind = "workflow" | "task";

const safeToken = /^[A-Za-z0-9_-]+$/;

function token(value: string, name: string): string {
  if (!safeToken.test(value)) {
    throw new DomainError("Internal", "a message could not be addressed", { context: { [name]: value } });
  }
  return value;
}

/** Work may be claimable on a queue. Queue names are free text, so they travel as base64url. */
export function workSubject(kind: WorkKind, orgId: string, queue: string): HintSubject {
  const encoded = Buffer.from(queue, "utf8").toString("base64url");
  return `flovyn.work.${kind}.${token(orgId, "orgId")}.${token(encoded, "queue")}` as HintSubject;
}

/** Some workflow executions of the org reached a terminal status. */
export function endedSubject(orgId: string): HintSubject {
  return `flovyn.ended.${token(orgId, "orgId")}` as HintSubject;
}

/** Services that fire what is due: timers, timeouts of promises, deadlines of tasks. */
export type DueService = "timers" | "promises" | "tasks";

/** Something that the service fires became due earlier than its replicas may know. */
export function dueSubject(service: DueService): HintSubject {
  return `flovyn.due.${service}` as HintSubject;
}

/** What happened to workflow executions of the org. */
export function lifecycleSubject(orgId: string): HintSubject {
  return `flovyn.lifecycle.${token(orgId, "orgId")}` as HintSubject;
}

/** What tasks of a workflow execution, or a standalone task by its own id, stream while they run. */
export function streamSubject(orgId: string, executionId: string): HintSubject {
  return `flovyn.streams.${token(orgId, "orgId")}.${token(executionId, "executionId")}` as HintSubject;
}

/** Credentials of any org that are not valid any more. */
export function credentialsSubject(): HintSubject {
  return "flovyn.credentials" as HintSubject;
}

/** Where the queue group of a service takes requests. */
export function requestSubject(service: string): string {
  return `flovyn.rpc.${token(service, "service")}`;
}

/** Where one replica takes the chunks of a large request. */
export function replicaSubject(service: string, instance: string): string {
  return `flovyn.rpc.${token(service, "service")}.${token(instance, "instance")}`;
}

/**
 * Subjects as the broker sees them when several clusters share it: each has a namespace in front. Inboxes are unique by
 * themselves. Errors: Internal for a namespace that is not one token.
 */
export function createNamespace(name: string): (subject: string) => string {
  if (name === "") return (subject) => subject;
  const prefix = `${token(name, "namespace")}.`;
  return (subject) => (subject.startsWith(inboxPrefix) ? subject : prefix + subject);
}

const inboxPrefix = "_INBOX.flovyn.";

/** Everything one process gets back arrives below its inbox, in one subscription. */
export function inboxSubject(instance: string): string {
  return `${inboxPrefix}${token(instance, "instance")}`;
}

/** What a process listens to. */
export function inboxPattern(inbox: string): string {
  return `${inbox}.*`;
}

/** Where the answers of a requester go. */
export function answersSubject(inbox: string): string {
  return `${inbox}.r`;
}

/** Reply subject of one request batch: names the requester, and the batch in case the broker finds no responder. */
export function batchSubject(inbox: string, batch: number): string {
  return `${inbox}.q${batch}`;
}

/** Reply subject of the chunks of one stream: where each of them is acknowledged. */
export function acknowledgementSubject(inbox: string, stream: number): string {
  return `${inbox}.a${stream}`;
}

export type InboxToken =
  | { kind: "answers" }
  | { kind: "batch"; number: number }
  | { kind: "acknowledgement"; number: number };

/** What arrived in an inbox, by the last token of its subject; undefined when it is none of ours. */
export function parseInboxToken(subject: string): InboxToken | undefined {
  const last = subject.slice(subject.lastIndexOf(".") + 1);
  if (last === "r") return { kind: "answers" };
  const number = Number(last.slice(1));
  if (last.length < 2 || !Number.isSafeInteger(number)) return undefined;
  if (last.startsWith("q")) return { kind: "batch", number };
  return last.startsWith("a") ? { kind: "acknowledgement", number } : undefined;
}

/** The inbox a reply subject belongs to; undefined when it is none, so that nobody can direct answers elsewhere. */
export function inboxOf(replySubject: string): string | undefined {
  const end = replySubject.lastIndexOf(".");
  return replySubject.startsWith(inboxPrefix) && end > inboxPrefix.length ? replySubject.slice(0, end) : undefined;
}

/** True when the subject is one where a replica of the service takes chunks. */
export function isReplicaSubject(subject: string, service: string): boolean {
  const prefix = `${requestSubject(service)}.`;
  return subject.startsWith(prefix) && safeToken.test(subject.slice(prefix.length));
}
