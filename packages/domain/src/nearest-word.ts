/** Words longer than this are compared with nothing: the work grows with the product of two lengths. */
const lengthMax = 64;

/**
 * The known word that was probably meant: the same but for case, `-` and `_`, else one that a few slips of a finger lead to,
 * else one that the word begins or that begins it. Undefined where none is near.
 */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const given = bare(word);
  if (given === "" || given.length > lengthMax) return undefined;
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = bare(candidate);
    if (candidate === word || other === "" || other.length > lengthMax) continue;
    const slips = slipsBetween(given, other);
    const isNear = slips <= slipsAllowed(given, other);
    const isPart = Math.min(given.length, other.length) >= 3 && (given.startsWith(other) || other.startsWith(given));
    // A part of the other word comes after every word that was merely mistyped.
    const distance = isNear ? slips : lengthMax + slips;
    if ((isNear || isPart) && distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

/** `; did you mean X?`, to be put behind a message, or nothing where no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

/** More names than this are no help in a message. */
const listedMax = 12;

/**
 * The rest of a message about a word that nothing here is called: `is unknown; did you mean status?`, or which there are where
 * none is near.
 */
export function unknownWord(word: string, known: Iterable<string>): string {
  const words = [...known];
  const hint = didYouMean(word, words);
  if (hint !== "" || words.length > listedMax) return `is unknown${hint}`;
  return words.length === 0 ? "is unknown: there is none here" : `is unknown; known are ${words.join(", ")}`;
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, "");
}

/** One in three characters may be wrong, so `id` is not near `at`. */
function slipsAllowed(a: string, b: string): number {
  return Math.min(3, Math.floor(Math.max(a.length, b.length) / 3));
}

/** Characters left out, added, replaced, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const replaced = (last[column - 1] ?? 0) + (isSame ? 0 : 1);
      let slips = Math.min(replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        slips = Math.min(slips, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
