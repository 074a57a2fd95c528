import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { Credentials } from "../auth/authenticate.js";
import { plainAddress } from "../connections/address-block.js";
import type { HttpEnv } from "./http-context.js";

/** What the headers of a request and its connection tell of the caller. */
export function readCredentials(context: Context<HttpEnv>): Credentials {
  return { authorization: context.req.header("authorization"), address: addressOf(context) };
}

/** Of the peer; that of a proxy where there is one. */
export function addressOf(context: Context<HttpEnv>): string {
  return plainAddress(getConnInfo(context).remote.address ?? "");
}
