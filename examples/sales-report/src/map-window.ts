/**
 * Runs `work` for every item, at most `openMax` at one time, and gives the outcomes in the order of the items. A failure does
 * not stop the others. It awaits nothing but what `work` gives, so workflow code may use it: on replay the same items start in
 * the same order. Errors: RangeError when `openMax` is no whole number from 1.
 */
export async function mapWindow<Item, Result>(
  items: readonly Item[],
  openMax: number,
  work: (item: Item) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  if (!(Number.isInteger(openMax) && openMax >= 1)) throw new RangeError("openMax: must be a whole number from 1");
  const outcomes: PromiseSettledResult<Result>[] = [];
  const waiting = items.entries();
  // Each lane takes the next item when its last one has ended; lanes share the iterator.
  const lane = async () => {
    for (const [at, item] of waiting) {
      const [outcome] = await Promise.allSettled([work(item)]);
      outcomes[at] = outcome;
    }
  };
  await Promise.all(Array.from({ length: Math.min(openMax, items.length) }, lane));
  return outcomes;
}
