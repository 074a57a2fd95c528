import { createHash } from "node:crypto";
import { DomainError, errorCodes } from "@flovyn/domain";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Bus,
  type BusStats,
  createBusStats,
  endedSubject,
  type IncomingRequest,
  workSubject,
} from "../src/index.js";
import {
  busRequest,
  bytes,
  caller,
  createGate,
  type RecordingLog,
  recordingLog,
  rejection,
  serveEcho,
  text,
} from "./support.js";

export interface BusUnderTest {
  requestBytesMax?: number;
  replyBytesMax?: number;
  log: RecordingLog;
  stats: BusStats;
}

/** Makes a bus as one process has it. In one process every call gives the same bus. */
export type OpenBus = (options: BusUnderTest) => Promise<Bus>;

const mebibyte = 1024 * 1024;

/**
 * What every bus does. `requester` asks, `first` and `second` are where replicas live: three processes over a broker,
 * one bus inside a process.
 */
export function describeBusContract(
  name: string,
  openCluster: () => Promise<{ open: OpenBus; close(): Promise<void> }>,
) {
  describe(`${name} keeps the contract of the bus`, () => {
    let cluster: Awaited<ReturnType<typeof openCluster>>;
    let requester: Bus;
    let first: Bus;
    let second: Bus;
    const log = recordingLog();
    const stats = createBusStats();

    const openBus = (options: Partial<BusUnderTest> = {}): Promise<Bus> => cluster.open({ log, stats, ...options });

    beforeEach(async () => {
      log.lines.length = 0;
      cluster = await openCluster();
      requester = await openBus();
      first = await openBus();
      second = await openBus();
    });

    afterEach(async () => {
      await Promise.all([requester, first, second].map((bus) => bus.drain()));
      await cluster.close();
    });

    describe("requests", () => {
      it("carries operation, payload, caller and trace to the handler and its answer back", async () => {
        let seen: IncomingRequest | undefined;
        await first.serve("tasks", async (request) => {
          seen = request;
          return bytes("pong");
        });
        const role = "ADMIN";
        const answer = await requester.request(busRequest({ claimEpoch: 2 ** 40, caller: { ...caller, role } }));
        expect(text(answer)).toBe("pong");
        const { service: _, timeoutMs, payload, ...sent } = busRequest();
        expect(seen).toMatchObject({ ...sent, claimEpoch: 2 ** 40, caller: { ...caller, role } });
        expect(text(seen?.payload ?? bytes(""))).toBe(text(payload));
        expect(seen?.timeoutMs).toBeGreaterThan(0);
        expect(seen?.timeoutMs).toBeLessThanOrEqual(timeoutMs);
      });

      it("leaves out what the requester left out, and keeps an epoch of zero", async () => {
        const seen: IncomingRequest[] = [];
        await first.serve("tasks", async (request) => {
          seen.push(request);
          return request.payload;
        });
        await requester.request(busRequest({ traceparent: "" }));
        await requester.request(busRequest({ claimEpoch: 0 }));
        expect(seen[0]).not.toHaveProperty("claimEpoch");
        expect(seen[0]?.caller).not.toHaveProperty("role");
        expect(seen[0]?.traceparent).toBe("");
        expect(seen[1]?.claimEpoch).toBe(0);
      });

      it("carries empty payloads both ways", async () => {
        await serveEcho(first);
        const answer = await requester.request(busRequest({ payload: new Uint8Array(0) }));
        expect(answer.byteLength).toBe(0);
      });

      it("pairs 1,000 concurrent requests with their answers, whatever their order", async () => {
        const count = 1_000;
        const waiting: (() => void)[] = [];
        await first.serve("tasks", async (request) => {
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length === count) for (const answer of waiting.reverse()) answer();
          });
          return bytes(`answer to ${text(request.payload)}`);
        });
        const answers = await Promise.all(
          Array.from({ length: count }, (_, index) => requester.request(busRequest({ payload: bytes(`${index}`) }))),
        );
        expect(answers.map(text)).toEqual(Array.from({ length: count }, (_, index) => `answer to ${index}`));
      });

      it("runs no handler inside the stack of the requester", async () => {
        let handled = false;
        await first.serve("tasks", async (request) => {
          handled = true;
          return request.payload;
        });
        const answer = requester.request(busRequest());
        expect(handled).toBe(false);
        await answer;
      });

      it("keeps services apart", async () => {
        await first.serve("tasks", async () => bytes("tasks"));
        await first.serve("dispatch", async () => bytes("dispatch"));
        expect(text(await requester.request(busRequest({ service: "dispatch" })))).toBe("dispatch");
        expect(text(await requester.request(busRequest({ service: "tasks" })))).toBe("tasks");
      });
    });

    describe("errors", () => {
      it.each(errorCodes)("carries %s with message, reason and field, and no context", async (code) => {
        await first.serve("tasks", async () => {
          const hidden = { context: { secret: "s3cret" }, cause: new Error("s3cret") };
          throw new DomainError(code, "queue: über 100 characters", { reason: "TOO_LONG", field: "queue", ...hidden });
        });
        const error = await rejection(requester.request(busRequest()));
        expect(error).toBeInstanceOf(DomainError);
        const message = "queue: über 100 characters";
        expect(error).toMatchObject({ code, message, reason: "TOO_LONG", field: "queue", context: {} });
        expect(error).not.toHaveProperty("cause");
      });

      it("leaves reason and field undefined when there are none", async () => {
        await first.serve("tasks", async () => {
          throw new DomainError("NotFound", "task not found");
        });
        expect(await rejection(requester.request(busRequest()))).toMatchObject({ reason: undefined, field: undefined });
      });

      it("tells nothing of an unexpected failure, and logs it once with its cause", async () => {
        const cause = new Error("password=hunter2");
        await first.serve("tasks", async () => {
          throw cause;
        });
        const error = await rejection(requester.request(busRequest()));
        expect(error).toMatchObject({ code: "Internal", message: "an internal error occurred" });
        const errors = log.lines.filter((line) => line.level === "error");
        expect(errors).toHaveLength(1);
        expect(errors[0]?.fields).toMatchObject({
          err: cause,
          operation: busRequest().operation,
          requestId: "request-1",
        });
      });

      it("treats a handler that throws at once, or answers with nothing, as an unexpected failure", async () => {
        await first.serve("tasks", () => {
          throw new Error("not even a promise");
        });
        await first.serve("timers", async () => undefined as unknown as Uint8Array);
        expect(await rejection(requester.request(busRequest()))).toMatchObject({ code: "Internal" });
        expect(await rejection(requester.request(busRequest({ service: "timers" })))).toMatchObject({
          code: "Internal",
        });
      });

      it("rejects with Timeout naming the operation when the deadline passes, and ignores the late answer", async () => {
        const gate = createGate();
        await first.serve("tasks", async (request) => {
          await gate.opened;
          return request.payload;
        });
        const error = await rejection(requester.request(busRequest({ timeoutMs: 60 })));
        const message = "flovyn.v1.TaskExecution/PollTask got no answer within 60 ms";
        expect(error).toMatchObject({ code: "Timeout", message });
        gate.open();
        expect(text(await requester.request(busRequest()))).toBe("ping");
        expect(stats.pending).toBe(0);
      });

      it.each([0, -5, Number.NaN])("has no time at all for a deadline of %d ms", async (timeoutMs) => {
        await serveEcho(first);
        expect(await rejection(requester.request(busRequest({ timeoutMs })))).toMatchObject({ code: "Timeout" });
      });

      it("rejects with Unavailable when nobody serves", async () => {
        // The deadline is far beyond the time limit of the test: only an immediate refusal passes.
        const error = await rejection(requester.request(busRequest({ timeoutMs: 600_000 })));
        expect(error).toMatchObject({ code: "Unavailable" });
        expect(error).toHaveProperty("context", { service: "tasks", operation: busRequest().operation });
      });
    });

    describe("sizes", () => {
      const noise = (size: number): Buffer => {
        const block = createHash("sha512").update(`${size}`).digest();
        return Buffer.alloc(size, block);
      };
      const digest = (payload: Uint8Array): string => createHash("sha256").update(payload).digest("hex");

      it("passes an answer of 50 MB", async () => {
        const large = noise(50_000_000);
        await first.serve("tasks", async () => large);
        const answer = await requester.request(busRequest());
        expect(answer.byteLength).toBe(large.byteLength);
        expect(digest(answer)).toBe(digest(large));
      });

      it("passes several large answers at once", async () => {
        await first.serve("tasks", async (request) => noise(3_000_000 + request.payload.byteLength));
        const sizes = Array.from({ length: 12 }, (_, index) => index * 7);
        const answers = await Promise.all(
          sizes.map((size) => requester.request(busRequest({ payload: new Uint8Array(size) }))),
        );
        expect(answers.map(digest)).toEqual(sizes.map((size) => digest(noise(3_000_000 + size))));
      });

      it("passes a request of 8 MiB", async () => {
        await first.serve("tasks", async (request) => bytes(digest(request.payload)));
        const large = noise(8 * mebibyte);
        expect(text(await requester.request(busRequest({ payload: large })))).toBe(digest(large));
      });

      it.each([-300, -128, -1, 0, 1, 128])(
        "passes payloads of 1 MiB %d bytes, the limit of a broker message",
        async (difference) => {
          await serveEcho(first);
          const payload = noise(mebibyte + difference);
          expect(digest(await requester.request(busRequest({ payload })))).toBe(digest(payload));
        },
      );

      it("refuses a request over the limit and says the limit", async () => {
        await serveEcho(first);
        const error = await rejection(requester.request(busRequest({ payload: new Uint8Array(16 * mebibyte + 1) })));
        expect(error).toMatchObject({ code: "PayloadTooLarge" });
        expect(error).toHaveProperty("message", expect.stringContaining("16777216 bytes (16 MiB)"));
      });

      it("refuses an answer over the limit and says the limit", async () => {
        const small = await openBus({ replyBytesMax: 2 * mebibyte });
        const serving = await small.serve("promises", async () => new Uint8Array(2 * mebibyte + 1));
        const error = await rejection(small.request(busRequest({ service: "promises" })));
        expect(error).toMatchObject({ code: "PayloadTooLarge" });
        expect(error).toHaveProperty("message", expect.stringContaining("2097152 bytes (2 MiB)"));
        await serving.stop();
        await small.drain();
      });
    });

    describe("replicas", () => {
      it("share the load", async () => {
        const served = { first: 0, second: 0 };
        const count = (replica: "first" | "second") => async (request: IncomingRequest) => {
          served[replica] += 1;
          return request.payload;
        };
        await first.serve("tasks", count("first"));
        await second.serve("tasks", count("second"));
        for (let round = 0; round < 60; round += 1) await requester.request(busRequest());
        expect(served.first + served.second).toBe(60);
        expect(served.first).toBeGreaterThan(0);
        expect(served.second).toBeGreaterThan(0);
      });

      it("answer what runs before they stop, and the other one takes over", async () => {
        const gate = createGate();
        const started = createGate();
        const leaving = await first.serve("tasks", async () => {
          started.open();
          await gate.opened;
          return bytes("first");
        });
        const running = requester.request(busRequest());
        await started.opened;
        await second.serve("tasks", async () => bytes("second"));

        let stopped = false;
        const stopping = leaving.stop().then(() => {
          stopped = true;
        });
        // A round trip later the first replica takes nothing more, though it still works.
        await first.flush();
        await requester.flush();
        for (let round = 0; round < 20; round += 1) {
          expect(text(await requester.request(busRequest()))).toBe("second");
        }
        expect(stopped).toBe(false);
        gate.open();
        expect(text(await running)).toBe("first");
        await stopping;
        await leaving.stop();
      });

      it("lose no request while they are replaced under load", async () => {
        let serving = await serveEcho(first);
        let answered = 0;
        let done = false;
        const load = Array.from({ length: 20 }, async () => {
          while (!done) {
            await requester.request(busRequest());
            answered += 1;
          }
        });
        for (const bus of [second, first, second, first]) {
          const next = await serveEcho(bus);
          await serving.stop();
          serving = next;
          const before = answered;
          await waitFor("answers of the new replica", () => answered > before + 50);
        }
        done = true;
        await Promise.all(load);
      });
    });

    describe("drain", () => {
      it("answers running requests, then refuses", async () => {
        const serving = await openBus();
        const asking = await openBus();
        const started = createGate();
        const gate = createGate();
        await serving.serve("tasks", async (request) => {
          started.open();
          await gate.opened;
          return request.payload;
        });
        const running = asking.request(busRequest());
        await started.opened;
        const drained = serving.drain();
        gate.open();
        expect(text(await running)).toBe("ping");
        await drained;
        await serving.drain();
        expect(serving.connected()).toBe(false);
        expect(await rejection(serving.request(busRequest()))).toMatchObject({ code: "Unavailable" });
        serving.hint(endedSubject("org-1"), bytes("dropped without a word"));
        await asking.drain();
      });
    });

    describe("hints", () => {
      const queues = ["default", "a.b.c", "*", ">", "a b", "очередь 🚚", "x".repeat(100)];

      it("reach every subscriber with their payload, whatever the queue is called", async () => {
        for (const queue of queues) {
          const subject = workSubject("task", caller.orgId, queue);
          const got: string[] = [];
          const subscriptions = await Promise.all(
            [first, first, second].map((bus, index) =>
              bus.subscribe(subject, (payload, from) => got.push(`${index} ${from === subject} ${text(payload)}`)),
            ),
          );
          requester.hint(subject, bytes(queue));
          await waitFor(`three deliveries of the hint for ${queue}`, () => got.length === 3);
          expect(got.sort()).toEqual([0, 1, 2].map((index) => `${index} true ${queue}`));
          await Promise.all(subscriptions.map((subscription) => subscription.stop()));
        }
      });

      it("go to the subscribers of their own subject only", async () => {
        const got: string[] = [];
        for (const queue of queues) {
          await first.subscribe(workSubject("task", caller.orgId, queue), () => got.push(queue));
        }
        await first.subscribe(workSubject("workflow", caller.orgId, "*"), () => got.push("other kind"));
        await first.subscribe(workSubject("task", "other-org", "*"), () => got.push("other org"));
        requester.hint(workSubject("task", caller.orgId, "*"), bytes(""));
        const last = endedSubject(caller.orgId);
        await first.subscribe(last, () => got.push("last"));
        requester.hint(last, bytes(""));
        await waitFor("the last hint", () => got.includes("last"));
        expect(got).toEqual(["*", "last"]);
      });

      it("stop with the subscription", async () => {
        const subject = endedSubject(caller.orgId);
        const got: string[] = [];
        const stopped = await first.subscribe(subject, () => got.push("stopped"));
        await first.subscribe(subject, () => got.push("other"));
        await stopped.stop();
        await stopped.stop();
        await first.flush();
        requester.hint(subject, bytes(""));
        await waitFor("the hint at the other subscriber", () => got.includes("other"));
        expect(got).toEqual(["other"]);
      });

      it("never reach a handler inside the stack of the giver, nor throw into it", async () => {
        const subject = endedSubject(caller.orgId);
        const got: string[] = [];
        await requester.subscribe(subject, () => {
          got.push("bad");
          throw new Error("handler of a hint failed");
        });
        await requester.subscribe(subject, () => got.push("good"));
        const failed = stats.hintsFailed;
        requester.hint(subject, bytes(""));
        expect(got).toEqual([]);
        await waitFor("both handlers", () => got.length === 2);
        expect(stats.hintsFailed).toBe(failed + 1);
      });
    });
  });
}
