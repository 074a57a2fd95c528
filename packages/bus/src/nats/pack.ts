export interface PackLimits {
  bytesMax: number;
  /** Frames in one message: few enough that a burst is shared between the replicas. */
  countMax: number;
}

/**
 * Splits frames into messages: in order, each within the limits by the given sizes. A frame that is larger than a message
 * gets one of its own.
 */
export function packFrames<Frame>(
  frames: readonly Frame[],
  sizeOf: (frame: Frame) => number,
  limits: PackLimits,
): Frame[][] {
  const messages: Frame[][] = [];
  let current: Frame[] = [];
  let bytes = 0;
  for (const frame of frames) {
    const size = sizeOf(frame);
    if (current.length > 0 && (bytes + size > limits.bytesMax || current.length >= limits.countMax)) {
      messages.push(current);
      current = [];
      bytes = 0;
    }
    current.push(frame);
    bytes += size;
  }
  if (current.length > 0) messages.push(current);
  return messages;
}
