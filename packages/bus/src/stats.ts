/**
 * What a bus did since it was made: plain numbers that the bus writes and metrics read. Counters only grow; `pending` and
 * `running` are what is open at the moment. Frames and messages stay 0 in the in-process bus, which has neither.
 */
export interface BusStats {
  /** Requests made here. */
  requests: number;
  /** Requests made here that rejected, for whatever reason. */
  requestErrors: number;
  /** Of those: nobody answered, or the replica or the broker was lost. */
  requestsUnavailable: number;
  /** Of those: the time was up. */
  requestsTimedOut: number;
  /** Requests made here that wait for their answer. */
  pending: number;
  /** Requests that reached a handler here. */
  served: number;
  /** Requests whose handler rejected here. */
  servedErrors: number;
  /** Requests whose handler works here. */
  running: number;
  /** Request, reply and chunk frames that were sent and received. */
  framesSent: number;
  framesReceived: number;
  /** Broker messages that carried those frames, and acknowledgements of chunks. */
  messagesSent: number;
  messagesReceived: number;
  /** Messages and frames that could not be read and were dropped. */
  malformed: number;
  /** Answers that could not be sent: the broker was away, or the requester took no more chunks. */
  repliesDropped: number;
  hintsSent: number;
  /** Hints that could not be sent or delivered. */
  hintsFailed: number;
  /** Deliveries of hints to handlers here. */
  hintsReceived: number;
  /** Times the broker connection came back. */
  reconnects: number;
}

/** All zero. */
export function createBusStats(): BusStats {
  return {
    requests: 0,
    requestErrors: 0,
    requestsUnavailable: 0,
    requestsTimedOut: 0,
    pending: 0,
    served: 0,
    servedErrors: 0,
    running: 0,
    framesSent: 0,
    framesReceived: 0,
    messagesSent: 0,
    messagesReceived: 0,
    malformed: 0,
    repliesDropped: 0,
    hintsSent: 0,
    hintsFailed: 0,
    hintsReceived: 0,
    reconnects: 0,
  };
}
