import type { Msg } from "nats";
import { inboxPattern, parseInboxToken } from "../subjects.js";
import type { ChunkSender } from "./chunk-sender.js";
import type { Link } from "./link.js";
import type { Requester } from "./requester.js";

/** Status of the broker when a message with a reply subject has no taker. */
const noResponders = 503;

/** Sorts what arrives in the inbox of the process. */
export function openInbox(link: Link, requester: Requester, sender: ChunkSender): void {
  link.subscribe(inboxPattern(link.inbox), (message) => {
    const token = parseInboxToken(message.subject);
    if (token?.kind === "answers") requester.answers(message);
    else if (token?.kind === "batch") {
      if (foundNobody(message)) requester.nobodyTook(token.number);
    } else if (token?.kind === "acknowledgement") {
      if (foundNobody(message)) sender.lost(token.number);
      else sender.acknowledged(token.number, message.data.byteLength === 0);
    } else link.malformed("inbox subject", message.data);
  });
}

function foundNobody(message: Msg): boolean {
  return message.data.byteLength === 0 && message.headers?.code === noResponders;
}
