import { expect, test } from "vitest";
import { readServerUrl } from "./server-url.js";

test.each([
  ["http://localhost:9090", { target: "localhost:9090", tls: false }],
  ["http://localhost", { target: "localhost:9090", tls: false }],
  ["http://localhost:80", { target: "localhost:80", tls: false }],
  ["localhost:7000", { target: "localhost:7000", tls: false }],
  ["https://flovyn.example", { target: "flovyn.example:443", tls: true }],
  ["https://flovyn.example:8443/", { target: "flovyn.example:8443", tls: true }],
  ["http://[::1]:9090", { target: "[::1]:9090", tls: false }],
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
