import { workflow } from "@flovyn/sdk";
import type { FileFacts } from "./file-facts.js";
import { listFiles } from "./list-files.js";
import { indexFile } from "./tasks.js";

export interface FolderIndex {
  root: string;
  files: FileFacts[];
  totals: { files: number; lines: number; words: number; bytes: number };
}

/** Tasks that are open at one time: enough to keep many workers busy, few enough that a join stays cheap. */
const openTasksMax = 200;

/** Fans out one task for each file, joins them, keeps a summary. The workers must see the folder under the same path. */
export const indexFolder = workflow({
  name: "index-folder",
  description: "Lines, words, bytes and SHA-256 of every file below a folder.",
  run: async (ctx, { root }: { root: string }): Promise<FolderIndex> => {
    const paths = await ctx.run("list files", () => listFiles(root));
    const files: FileFacts[] = [];
    for (let start = 0; start < paths.length; start += openTasksMax) {
      const batch = paths.slice(start, start + openTasksMax);
      files.push(...(await Promise.all(batch.map((path) => ctx.schedule(indexFile, { root, path })))));
    }
    const totals = { files: files.length, lines: 0, words: 0, bytes: 0 };
    for (const { lines, words, bytes } of files) {
      totals.lines += lines;
      totals.words += words;
      totals.bytes += bytes;
    }
    ctx.set("summary", totals);
    return { root, files, totals };
  },
});
