import fc from "fast-check";

/** How many interleavings a run draws: what CI does, or what FLOVYN_INTERLEAVINGS says, for a night. */
export function interleavings(inCi: number): number {
  return Number(process.env.FLOVYN_INTERLEAVINGS ?? inCi);
}

/** A failing run prints seed and path; FLOVYN_SEED and FLOVYN_PATH draw the same again. */
export function replayOptions(): { seed?: number; path?: string } {
  const { FLOVYN_SEED: seed, FLOVYN_PATH: path } = process.env;
  return { ...(seed ? { seed: Number(seed) } : {}), ...(path ? { path } : {}) };
}

export const stepsMin = 5;
export const stepsMax = 24;

export const stepsOf = <Step>(step: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> =>
  fc.array(step, { minLength: stepsMin, maxLength: stepsMax });
