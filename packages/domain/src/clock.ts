/** Where "now" comes from. Epoch milliseconds. Replaced by a fake in tests. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
