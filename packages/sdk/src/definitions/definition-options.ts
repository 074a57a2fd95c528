import { functionOption, kind, listOf, text } from "../options/checks.js";
import { required } from "../options/read-options.js";

const descriptionLengthMax = 10_000;
const tagLengthMax = 255;

/** What definitions of workflows and of tasks have in common. */
export const definitionTable = {
  name: required(kind),
  description: text(descriptionLengthMax),
  tags: listOf(text(tagLengthMax)),
  run: required(functionOption),
};
