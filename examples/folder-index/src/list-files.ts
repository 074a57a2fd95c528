import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** One task is one file; a folder with more is refused rather than half done. */
export const filesMax = 20_000;

/** Regular files below a folder, relative, with `/`, in code-point order. Links are not followed. Errors: RangeError. */
export async function listFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(path);
    }
    if (files.length > filesMax) throw new RangeError(`${root} has more than ${filesMax} files`);
  }
  return files.sort();
}
