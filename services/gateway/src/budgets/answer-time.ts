/** Slower than any line on which a worker or a person would be of use. */
const bytesPerSecond = 64 * 1024;
const firstMs = 60_000;

/** How long the caller of an answer may take to read it: a minute, and more for one that is large. In ms. */
export function answerTimeMs(bytes: number): number {
  return firstMs + (bytes / bytesPerSecond) * 1000;
}
