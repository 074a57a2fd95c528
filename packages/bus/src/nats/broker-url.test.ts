import { describe, expect, it } from "vitest";
import { parseBrokerUrl } from "./broker-url.js";

describe("parseBrokerUrl", () => {
  it.each([
    ["nats://host:4333", { servers: ["host:4333"], credentials: undefined, tls: false }],
    ["host", { servers: ["host:4222"], credentials: undefined, tls: false }],
    ["tls://host", { servers: ["host:4222"], credentials: undefined, tls: true }],
    ["nats://[::1]:4333", { servers: ["[::1]:4333"], credentials: undefined, tls: false }],
    ["nats://a:1, b:2", { servers: ["a:1", "b:2"], credentials: undefined, tls: false }],
    ["nats://ann:p%40ss@a", { servers: ["a:4222"], credentials: { user: "ann", password: "p@ss" }, tls: false }],
    ["nats://t0ken@a,nats://b", { servers: ["a:4222", "b:4222"], credentials: { token: "t0ken" }, tls: false }],
  ])("reads %s", (text, expected) => {
    expect(parseBrokerUrl(text)).toEqual(expected);
  });

  it.each(["", "http://host", "nats://", "nats://ann:secret@host:port"])("refuses %j without repeating it", (text) => {
    const refusal = expect.objectContaining({ code: "InvalidInput", message: expect.not.stringContaining("secret") });
    expect(() => parseBrokerUrl(text)).toThrowError(refusal);
  });
});
