import { describe, expect, it } from "vitest";
import { hostName, isLoopbackAddress, isLoopbackHost } from "./loopback.js";

describe("the host of a header", () => {
  it.each([
    ["localhost:8000", "localhost"],
    ["LocalHost", "localhost"],
    ["127.0.0.1:80", "127.0.0.1"],
    ["[::1]:8000", "[::1]"],
    ["[::1]", "[::1]"],
    ["a.example:1", "a.example"],
    [undefined, ""],
    ["", ""],
    ["::1", ""],
    ["a:b", ""],
    ["localhost:8000:1", ""],
    ["[localhost]", ""],
  ])("%s is %s", (header, host) => {
    expect(hostName(header)).toBe(host);
  });
});

describe("loopback", () => {
  it.each(["localhost", "127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"])(
    "is the address %s",
    (address) => {
      expect(isLoopbackAddress(address)).toBe(true);
    },
  );

  it.each([
    "::",
    "0.0.0.0",
    "10.0.0.1",
    "::2",
    "::ffff:10.0.0.1",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "",
  ])("is not the address %s", (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
    expect(isLoopbackHost(address)).toBe(false);
  });

  it("is, as a host that a browser names, also a name below localhost and an address in brackets", () => {
    for (const host of ["localhost", "app.localhost", "127.0.0.1", "[::1]"]) expect(isLoopbackHost(host)).toBe(true);
    expect(isLoopbackHost("evil-localhost")).toBe(false);
    expect(isLoopbackHost("localhost.")).toBe(false);
  });
});
