import { runIndexDemo } from "../dev/index-demo.js";
import type { Demo } from "./demo.js";

export const index: Demo = {
  name: "index",
  usage: "<folder>",
  summary: "one task for each file of a folder; kill it and run it again",
  options: [],
  words: 1,
  run: ({ target, dataDir, json, words: [folder = ""] }) => runIndexDemo({ target, folder, dataDir, json }),
};
