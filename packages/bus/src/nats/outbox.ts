/** Collects the frames of one event-loop turn by destination and hands each destination its frames once, when the turn ends. */
export interface Outbox<Frame> {
  add(destination: string, frame: Frame): void;
  /** Sends now what would be sent at the end of the turn. */
  flush(): void;
}

/**
 * The turn ends at `setImmediate`: after everything the sockets had to say, so that the frames of many connections travel
 * together. `send` must not throw.
 */
export function createOutbox<Frame>(send: (destination: string, frames: Frame[]) => void): Outbox<Frame> {
  let waiting = new Map<string, Frame[]>();
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    const due = waiting;
    waiting = new Map();
    for (const [destination, frames] of due) send(destination, frames);
  };

  return {
    add(destination, frame) {
      const frames = waiting.get(destination);
      if (frames === undefined) waiting.set(destination, [frame]);
      else frames.push(frame);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    flush,
  };
}
