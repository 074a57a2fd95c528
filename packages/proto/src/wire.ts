/** What can be known of messages by their wire bytes alone, before anything is decoded. */
export { countElements, countMessages } from "./wire/count-elements.js";
export {
  type FieldShape,
  type MessageShape,
  messageShape,
  requestShape,
  type Shapes,
  shapesOf,
} from "./wire/message-shape.js";
export { type Part, partReader, type Selection } from "./wire/read-part.js";
export { UnsafeMapKey } from "./wire/wire-cursor.js";
