import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** What is counted of one file. Lines, words and bytes are those of `wc` in the C locale, the hash that of `sha256sum`. */
export interface FileFacts {
  /** Relative to the indexed folder, with `/`. */
  path: string;
  lines: number;
  words: number;
  bytes: number;
  sha256: string;
}

const newline = 0x0a;
const space = 0x20;
const tilde = 0x7e;

/** Space, tab, newline, vertical tab, form feed, carriage return. */
function isSeparator(byte: number): boolean {
  return byte === space || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * Reads a file once, as a stream. A word is a run that holds a printable ASCII character; bytes that are neither
 * printable nor separators belong to the run they stand in. Errors: those of the file system; AbortError.
 */
export async function readFileFacts(root: string, path: string, signal?: AbortSignal): Promise<FileFacts> {
  const hash = createHash("sha256");
  let [lines, words, bytes] = [0, 0, 0];
  let inWord = false;
  for await (const chunk of createReadStream(`${root}/${path}`, signal === undefined ? {} : { signal })) {
    const block = chunk as Buffer;
    hash.update(block);
    bytes += block.length;
    for (const byte of block) {
      if (isSeparator(byte)) {
        if (byte === newline) lines += 1;
        if (inWord) words += 1;
        inWord = false;
      } else if (byte > space && byte <= tilde) {
        inWord = true;
      }
    }
  }
  if (inWord) words += 1;
  return { path, lines, words, bytes, sha256: hash.digest("hex") };
}
