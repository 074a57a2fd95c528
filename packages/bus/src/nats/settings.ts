import { replyBytesMaxDefault, requestBytesMaxDefault } from "../request-errors.js";

/** Limits and times of a bus over NATS. Defaults are for a local network. */
export interface NatsBusLimits {
  /** Largest request in bytes: 16 MiB. */
  requestBytesMax: number;
  /** Largest answer in bytes: 256 MiB. */
  replyBytesMax: number;
  /** Large payloads that are being put together at once in one process, in bytes: 512 MiB. */
  assemblyBytesMax: number;
  /** A requester that hears nothing of a request for so long takes its replica for dead: 1,500 ms. */
  silenceMs: number;
  /** How often a replica says which requests it still works on: 500 ms. */
  aliveIntervalMs: number;
  /** Requests younger than this are not worth saying so: 400 ms. */
  aliveAfterMs: number;
}

/** With these a replica is heard of after 900 ms at the latest, which leaves 600 ms for the way and for a busy event loop. */
const defaults: NatsBusLimits = {
  requestBytesMax: requestBytesMaxDefault,
  replyBytesMax: replyBytesMaxDefault,
  assemblyBytesMax: 512 * 1024 * 1024,
  silenceMs: 1_500,
  aliveIntervalMs: 500,
  aliveAfterMs: 400,
};

export function withDefaults(limits: Partial<NatsBusLimits>): NatsBusLimits {
  return { ...defaults, ...limits };
}

/** Frames in one broker message: few enough that a burst of one turn is shared between the replicas. */
export const framesPerMessageMax = 256;
