/** Which key of the attacking org a call carries. */
export type KeyOf = "user" | "worker" | "none";

/**
 * How its sender goes on after the bytes of a call: it says that they were all, it says nothing more and stays, or it
 * sends one more byte now and then.
 */
export type Ending = "ends" | "stays" | "trickles";

/** What its sender takes of the answer. */
export type Reading = "all" | "nothing";

interface Manner {
  ending: Ending;
  reading: Reading;
  /** Given up by its sender this long after it began; otherwise when the attack is over or its patience is. */
  leavesAfterMs?: number;
}

/** A call over gRPC, as HTTP/2 carries it. */
export interface GrpcCall extends Manner {
  transport: "grpc";
  path: string;
  key: KeyOf;
  metadata?: Record<string, string>;
  /** Framed messages, or parts of them. */
  body: Buffer;
}

/** A request over HTTP/1.1. */
export interface HttpCall extends Manner {
  transport: "http";
  method: string;
  path: string;
  key: KeyOf;
  headers?: Record<string, string>;
  body?: Buffer;
  /** What the head says of the length of the body, where that is not so. */
  saysBytes?: number;
}

/** A connection and the bytes that are written to it. */
export interface RawConnection extends Manner {
  transport: "raw";
  to: "grpc" | "http";
  bytes: Buffer;
}

export type AttackCall = GrpcCall | HttpCall | RawConnection;

/** One call of an attack, made when its turn comes. */
export interface AttackStep {
  /** The RPC or route it goes to: `/flovyn.v1.…/PollTask`, `GET /api/orgs`; or a connection. */
  target: string;
  make(): AttackCall | Promise<AttackCall>;
}
