/**
 * Every subject of the bus: the only place that builds or parses subject strings.
 *
 * | subject | publisher | listeners | payload | delivery | when lost |
 * |---|---|---|---|---|---|
 * | `flovyn.rpc.<service>` | any | queue group `<service>` | RequestBatch | request | caller gets Unavailable or Timeout |
 * | `flovyn.rpc.<service>.<instance>` | any | that replica | chunks of a large request | request | caller gets Unavailable |
 * | `flovyn.work.<kind>.<org>.<queue>` | dispatch, tasks | gateways with waiting pollers | empty | hint | the work sweep repeats it |
 * | `flovyn.ended.<org>` | dispatch | gateways with waiting result readers | EndedHint | hint | readers look again every 2 s |
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

/** Where the queue group of a service takes requests. */
export function requestSubject(service: string): string {
  return `flovyn.rpc.${token(service, "service")}`;
}

/** Where one replica takes the chunks of a large request. */
export function replicaSubject(service: string, instance: string): string {
  return `flovyn.rpc.${token(service, "service")}.${token(instance, "instance")}`;
}
