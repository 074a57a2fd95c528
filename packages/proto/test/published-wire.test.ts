/**
 * Goal: the wire that clients know never changes by accident.
 * Approach: published-wire.json states every call, message, field and enum value of flovyn.v1. The descriptors that the
 * code is generated from must say the same, apart from the additions listed here.
 */
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { extensionRpcs, fileDescriptorSet, publishedRpcs, publishedServices } from "../src/descriptors.js";
import * as ext from "../src/ext.js";
import * as v1 from "../src/v1.js";
import type { Wire, WireField } from "./wire-of.js";
import { wireOf } from "./wire-of.js";

/** Field numbers from here on are ours. */
const firstOwnNumber = 100;

const additions: Record<string, string[]> = {
  WorkflowExecution: ["100 claim_epoch int64"],
  StartWorkflowRequest: ["100 delay_until_ms optional int64"],
  SubmitTaskRequest: ["100 retry_policy optional string"],
  TaskExecutionInfo: ["100 claim_epoch int64", "101 lease_ms int64", "102 max_retries int32"],
  CompleteTaskRequest: ["100 claim_epoch optional int64"],
  FailTaskRequest: [
    "100 claim_epoch optional int64",
    "101 retryable optional bool",
    "102 retry_after_ms optional int64",
    "103 error_type optional string",
  ],
  HeartbeatRequest: ["100 claim_epoch optional int64"],
  ScheduleTaskCommand: ["100 retry_policy optional string"],
  SignalWithStartWorkflowRequest: ["100 signal_id optional string"],
  SignalWithStartWorkflowResponse: ["100 duplicate bool", "101 woke bool"],
  SignalWorkflowRequest: ["100 signal_id optional string"],
  SignalWorkflowResponse: ["100 duplicate bool", "101 woke bool"],
  SubmitWorkflowCommandsRequest: ["100 claim_epoch optional int64", "101 seen_sequence optional int32"],
};

const published: Wire = JSON.parse(readFileSync(new URL("published-wire.json", import.meta.url), "utf8"));
const files = fromBinary(FileDescriptorSetSchema, fileDescriptorSet()).file;
const generated = wireOf(files, "flovyn.v1");

describe("flovyn.v1", () => {
  test("the published tables are complete", () => {
    expect(published.services).toHaveLength(5);
    expect(published.services.flatMap((service) => service.rpcs)).toHaveLength(51);
    expect(published.messages).toHaveLength(122);
    expect(published.enums).toHaveLength(5);
  });

  test("has the published services and calls and no other", () => {
    expect(generated.services.map(({ name }) => name).toSorted()).toEqual(
      published.services.map(({ name }) => name).toSorted(),
    );
    for (const service of published.services) {
      expect(generated.services.find(({ name }) => name === service.name)).toEqual(service);
    }
  });

  test("has the published messages and no other", () => {
    expect(generated.messages.map(placed).toSorted()).toEqual(published.messages.map(placed).toSorted());
  });

  test.each(published.messages)("$name has the published fields and the listed additions", ({ name, fields }) => {
    const actual = generated.messages.find((message) => message.name === name)?.fields ?? [];
    expect(actual.filter(({ number }) => number < firstOwnNumber).map(described)).toEqual(fields.map(described));
    expect(actual.filter(({ number }) => number >= firstOwnNumber).map(described)).toEqual(additions[name] ?? []);
  });

  test("lists additions of messages that exist", () => {
    const names = published.messages.map(({ name }) => name);
    expect(Object.keys(additions).filter((name) => !names.includes(name))).toEqual([]);
  });

  test("has the published enums and no other", () => {
    expect(byName(generated.enums)).toEqual(byName(published.enums));
  });

  test("keeps what the Java code of clients depends on, and imports nothing but Empty", () => {
    for (const file of files.filter(({ package: name }) => name === "flovyn.v1")) {
      expect(file.syntax).toBe("proto3");
      expect(file.options?.javaPackage).toBe("ai.flovyn.protocol");
      expect(file.options?.javaMultipleFiles).toBe(true);
      expect(file.dependency).toEqual(["google/protobuf/empty.proto"]);
    }
  });

  test("reserves nothing and hides no field", () => {
    for (const message of files.flatMap((file) => file.messageType)) {
      expect([message.reservedRange, message.reservedName, message.extensionRange]).toEqual([[], [], []]);
    }
  });
});

describe("the list of calls", () => {
  test("covers flovyn.v1 with its codecs", () => {
    const expected = published.services.flatMap((service) =>
      service.rpcs.map((rpc) => ({
        path: `/flovyn.v1.${service.name}/${rpc.name}`,
        operation: `flovyn.v1.${service.name}/${rpc.name}`,
        service: `flovyn.v1.${service.name}`,
        name: rpc.name,
        requestStream: rpc.kind === "client-stream",
        responseStream: rpc.kind === "server-stream",
      })),
    );
    expect(publishedServices.map(({ fullName }) => fullName)).toEqual(
      published.services.map(({ name }) => `flovyn.v1.${name}`),
    );
    expect(publishedRpcs.map(({ requestType: _request, responseType: _response, ...rest }) => rest)).toEqual(expected);
    for (const [index, { request, response }] of published.services.flatMap(({ rpcs }) => rpcs).entries()) {
      expect(publishedRpcs[index]?.requestType).toBe(codecNamed(v1, request));
      expect(publishedRpcs[index]?.responseType).toBe(codecNamed(v1, response));
    }
  });

  test("covers flovyn.ext.v1 with its codecs", () => {
    const calls = wireOf(files, "flovyn.ext.v1").services.flatMap((service) =>
      service.rpcs.map((rpc) => ({ service: `flovyn.ext.v1.${service.name}`, ...rpc })),
    );
    expect(extensionRpcs.map(({ service, name }) => ({ service, name }))).toEqual(
      calls.map(({ service, name }) => ({ service, name })),
    );
    for (const [index, { request, response }] of calls.entries()) {
      expect(extensionRpcs[index]?.requestType).toBe(codecNamed(ext, request));
      expect(extensionRpcs[index]?.responseType).toBe(codecNamed(ext, response));
    }
  });
});

test("the descriptors leave out what only our own services exchange", () => {
  expect(files.map(({ package: name }) => name).toSorted()).toEqual([
    "flovyn.ext.v1",
    "flovyn.v1",
    "flovyn.v1",
    "google.protobuf",
  ]);
});

function placed({ name, file }: { name: string; file: string }): string {
  return `${file} ${name}`;
}

function described({ number, name, presence, type, oneof }: WireField): string {
  return [number, name, presence, type, oneof && `in ${oneof}`].filter((part) => part !== undefined).join(" ");
}

function byName<T extends { name: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.name, item]));
}

function codecNamed(module: object, name: string): unknown {
  return Object.entries(module).find(([exported]) => exported === name)?.[1];
}
