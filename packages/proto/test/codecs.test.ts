/** What the rest of the project relies on in the generated codecs, beyond the shape of messages. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { extensionRpcs, publishedRpcs } from "../src/descriptors.js";
import {
  ExecutionSpan,
  PollRequest,
  PollResponse,
  ScheduleTaskCommand,
  StartWorkflowRequest,
  WorkflowCommand,
} from "../src/v1.js";

test("an unset message stays unset, and an empty answer has no bytes", () => {
  const bytes = PollResponse.encode(PollResponse.fromPartial({})).finish();
  expect(bytes).toHaveLength(0);
  expect(PollResponse.decode(bytes).workflowExecution).toBeUndefined();
});

test("an optional field tells zero from unset", () => {
  const roundTrip = (command: Parameters<typeof ScheduleTaskCommand.fromPartial>[0]) =>
    ScheduleTaskCommand.decode(ScheduleTaskCommand.encode(ScheduleTaskCommand.fromPartial(command)).finish());
  expect(roundTrip({ maxRetries: 0 }).maxRetries).toBe(0);
  expect(roundTrip({}).maxRetries).toBeUndefined();
});

test("payload bytes and metadata pass unchanged", () => {
  const input = Buffer.from('{"id":9007199254740993,"ratio":1.0,"nul":"\\u0000"}');
  const metadata = { team: "billing", "": "empty key", umlaut: "ü" };
  const request = StartWorkflowRequest.decode(
    StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial({ input, metadata })).finish(),
  );
  expect(request.input.equals(input)).toBe(true);
  expect(request.metadata).toEqual(metadata);
});

test("the member of a oneof is named", () => {
  const command = WorkflowCommand.fromPartial({
    commandData: { $case: "startTimer", value: { timerId: "timer-1", durationMs: 5 } },
  });
  expect(WorkflowCommand.decode(WorkflowCommand.encode(command).finish()).commandData).toEqual({
    $case: "startTimer",
    value: { timerId: "timer-1", durationMs: 5 },
  });
});

test("nanoseconds keep every digit", () => {
  const span = ExecutionSpan.fromPartial({ startTimeUnixNs: "1763710047123456789" });
  expect(ExecutionSpan.decode(ExecutionSpan.encode(span).finish()).startTimeUnixNs).toBe("1763710047123456789");
});

test("an integer that a number cannot hold is refused, not rounded", () => {
  const timeoutSecondsTag = 32;
  const bytes = new BinaryWriter().uint32(timeoutSecondsTag).int64("9007199254740993").finish();
  expect(() => PollRequest.decode(bytes)).toThrow();
});

test("a field of a newer client is skipped", () => {
  const unknownStringTag = (500 << 3) | 2;
  const bytes = new BinaryWriter().uint32(unknownStringTag).string("later").uint32(26).string("default").finish();
  expect(PollRequest.decode(bytes).queue).toBe("default");
});

test.each([...publishedRpcs, ...extensionRpcs])(
  "$path decodes no bytes to defaults",
  ({ requestType, responseType }) => {
    expect(requestType.decode(new Uint8Array())).toBeTypeOf("object");
    expect(responseType.decode(new Uint8Array())).toBeTypeOf("object");
  },
);
