import { expect, test } from "vitest";
import { readServerUrl, targetOf } from "./server-url.js";

test.each([
  ["http://localhost:9090", { host: "localhost", port: 9090, tls: false }],
  ["http://localhost", { host: "localhost", port: 9090, tls: false }],
  ["http://localhost:80", { host: "localhost", port: 80, tls: false }],
  ["localhost:7000", { host: "localhost", port: 7000, tls: false }],
  ["https://flovyn.example", { host: "flovyn.example", port: 443, tls: true }],
  ["https://flovyn.example:8443/", { host: "flovyn.example", port: 8443, tls: true }],
  ["http://[::1]:9090", { host: "::1", port: 9090, tls: false }],
])("%s is read", (url, address) => {
  expect(readServerUrl(url)).toEqual(address);
});

test.each([
  ["ftp://localhost", "must begin with http or https"],
  ["http://localhost/api", "must not have a path"],
  ["http://", "is not a URL"],
])("%s is refused", (url, problem) => {
  expect(() => readServerUrl(url)).toThrow(`serverUrl: ${JSON.stringify(url)} ${problem}`);
});

test("the target has brackets around an IPv6 address", () => {
  expect(["http://[::1]:9090", "http://localhost"].map((url) => targetOf(readServerUrl(url)))).toEqual([
    "[::1]:9090",
    "localhost:9090",
  ]);
});
