import type { Msg } from "nats";
import { inboxOf } from "../subjects.js";
import type { Link } from "./link.js";

const goOn = new Uint8Array(0);
const stop = new Uint8Array(1);

/** Tells the sender of a chunk that it arrived, and whether more of it is wanted. */
export function acknowledge(link: Link, chunkMessage: Msg, more: boolean): void {
  const subject = chunkMessage.reply ?? "";
  if (inboxOf(subject) === undefined || !link.connected()) return;
  link.publish(subject, more ? goOn : stop);
}
