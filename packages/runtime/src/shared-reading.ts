/**
 * Gives all who ask within `keepMs` of a reading, and all who ask while one is made, the same one: what a reading costs does
 * not depend on how often it is asked for. A reading that fails is not kept.
 */
export function shareReading<Reading>(options: {
  read: () => Promise<Reading>;
  keepMs: number;
  /** Monotonic, in ms. */
  now: () => number;
}): () => Promise<Reading> {
  const { read, keepMs, now } = options;
  let last: { reading: Promise<Reading>; beganMs: number; ended: boolean } | undefined;
  return () => {
    if (last !== undefined && (!last.ended || now() - last.beganMs < keepMs)) return last.reading;
    const made = { reading: read(), beganMs: now(), ended: false };
    last = made;
    made.reading.then(
      () => {
        made.ended = true;
      },
      () => {
        if (last === made) last = undefined;
      },
    );
    return made.reading;
  };
}
