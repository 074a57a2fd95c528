import { runIndexDemo } from "../dev/index-demo.js";
import type { RunDemo } from "./demo.js";

export const run: RunDemo = ({ target, dataDir, json, word: folder }) =>
  runIndexDemo({ target, folder, dataDir, json });
