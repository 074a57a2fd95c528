import type { RequestHandler } from "@flovyn/bus";

/** Every operation the service answers; anything else is answered Unimplemented, by name. */
export function createRoutes(): ReadonlyMap<string, RequestHandler> {
  return new Map();
}
