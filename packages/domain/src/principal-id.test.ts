import { describe, expect, it } from "vitest";
import { isReservedPrincipalId } from "./principal-id.js";

describe("ids of principals", () => {
  it.each(["flovyn:promise-token", "token:0190a5c0", "Flovyn:x", "TOKEN:x", " flovyn:x", "ｆlovyn:x", "token：x"])(
    "%j is one that only the server gives",
    (id) => {
      expect(isReservedPrincipalId(id)).toBe(true);
    },
  );

  it.each(["promise-token", "anonymous", "gateway", "token", "flovyn", "api:token:x", "x-flovyn:y", ""])(
    "%j may be anybody's",
    (id) => {
      expect(isReservedPrincipalId(id)).toBe(false);
    },
  );
});
