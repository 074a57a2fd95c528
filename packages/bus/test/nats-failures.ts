import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ReplyBatch, type ReplyFrame, RequestBatch, type RequestFrame } from "@flovyn/proto/internal";
import { type NatsServer, waitFor } from "@flovyn/testing";
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Bus,
  createBusStats,
  createNatsBus,
  endedSubject,
  type NatsBusLimits,
  requestSubject,
} from "../src/index.js";
import { busRequest, bytes, caller, createGate, recordingLog, rejection, serveEcho, text } from "./support.js";

const mebibyte = 1024 * 1024;

/** What only a bus with a broker can suffer. `broker` is asked in each test; it is restarted where it is ours. */
export function describeNatsFailures(broker: () => NatsServer) {
  describe("the NATS bus", () => {
    const opened: Bus[] = [];
    const children: ChildProcess[] = [];

    const open = async (limits: Partial<NatsBusLimits> = {}) => {
      const log = recordingLog();
      const stats = createBusStats();
      const bus = await createNatsBus({ url: broker().url, name: "test", log, stats, limits });
      opened.push(bus);
      return { bus, log, stats };
    };

    afterEach(async () => {
      for (const child of children.splice(0)) child.kill("SIGKILL");
      await Promise.all(opened.splice(0).map((bus) => bus.drain()));
      await broker().start?.();
    });

    describe("coalesces", () => {
      it("200 requests of one turn into few messages, and their answers too", async () => {
        const asking = await open();
        const answering = await open();
        await serveEcho(answering.bus);
        const before = { asking: { ...asking.stats }, answering: { ...answering.stats } };
        await Promise.all(Array.from({ length: 200 }, () => asking.bus.request(busRequest())));
        expect(asking.stats.framesSent - before.asking.framesSent).toBe(200);
        expect(asking.stats.messagesSent - before.asking.messagesSent).toBe(1);
        expect(answering.stats.messagesSent - before.answering.messagesSent).toBeLessThanOrEqual(4);
      });

      it("no more frames than one message may hold", async () => {
        const asking = await open();
        const answering = await open();
        await serveEcho(answering.bus);
        const payloads = Array.from({ length: 40 }, (_, index) => Buffer.alloc(300_000, index));
        const answers = await Promise.all(payloads.map((payload) => asking.bus.request(busRequest({ payload }))));
        expect(answers.map((answer) => payloads.findIndex((payload) => payload.equals(answer)))).toEqual([
          ...payloads.keys(),
        ]);
        expect(asking.stats.messagesSent).toBeGreaterThanOrEqual(14);
      });
    });

    describe("in a namespace", () => {
      it("shares a broker without meeting the requests and hints of another", async () => {
        const [one, other] = await Promise.all(
          ["one", "other"].map(async (namespace) => {
            const bus = await createNatsBus({ url: broker().url, name: "test", log: recordingLog(), namespace });
            opened.push(bus);
            return bus;
          }),
        );
        if (one === undefined || other === undefined) throw new Error("two buses were opened");
        await serveEcho(one);
        const large = Buffer.alloc(3 * mebibyte, 7);
        expect(large.equals(await one.request(busRequest({ payload: large })))).toBe(true);
        expect(await rejection(other.request(busRequest()))).toMatchObject({ code: "Unavailable" });
        const seen: string[] = [];
        await one.subscribe(endedSubject(caller.orgId), (payload) => seen.push(text(payload)));
        other.hint(endedSubject(caller.orgId), bytes("of the other"));
        await other.flush();
        one.hint(endedSubject(caller.orgId), bytes("of this one"));
        await waitFor("the hint", () => seen.length > 0);
        expect(seen).toEqual(["of this one"]);
      });
    });

    describe("when the broker restarts", () => {
      it("fails what is under way, refuses at once while it is away, and works again when it is back", async (context) => {
        context.skip(broker().start === undefined, "the broker is not ours");
        const { bus: requester, stats } = await open();
        const { bus: replica } = await open();
        const taken = createGate();
        const never = createGate();
        await replica.serve("tasks", async (request) => {
          if (text(request.payload) !== "wait") return request.payload;
          taken.open();
          await never.opened;
          return request.payload;
        });
        const hints: string[] = [];
        await replica.subscribe(endedSubject("org-1"), (payload) => hints.push(text(payload)));

        const underWay = rejection(requester.request(busRequest({ payload: bytes("wait") })));
        await taken.opened;
        await broker().stop();
        expect(await underWay).toMatchObject({ code: "Unavailable" });
        await waitFor("both to notice the loss", () => !requester.connected() && !replica.connected());
        expect(await rejection(requester.request(busRequest()))).toMatchObject({ code: "Unavailable" });
        requester.hint(endedSubject("org-1"), bytes("lost"));
        expect(stats.hintsFailed).toBe(1);

        await broker().start?.();
        await waitFor("both connections", () => requester.connected() && replica.connected());
        await Promise.all([requester.flush(), replica.flush()]);
        expect(text(await requester.request(busRequest()))).toBe("ping");
        requester.hint(endedSubject("org-1"), bytes("arrives"));
        await waitFor("a hint after the restart", () => hints.length > 0);
        expect(hints).toEqual(["arrives"]);
        expect(stats.reconnects).toBe(1);
        expect(stats.pending).toBe(0);
        never.open();
      });

      it("loses nothing but what was under way, with traffic all the while", async (context) => {
        context.skip(broker().restart === undefined, "the broker is not ours");
        const { bus: requester } = await open();
        const { bus: replica } = await open();
        await serveEcho(replica);
        let answered = 0;
        let refused = 0;
        let done = false;
        const wrong: unknown[] = [];
        const load = Array.from({ length: 20 }, async (_, index) => {
          for (let round = 0; !done; round += 1) {
            const payload = bytes(`${index} ${round}`);
            try {
              const answer = await requester.request(busRequest({ payload }));
              if (text(answer) !== text(payload)) wrong.push(text(answer));
              answered += 1;
            } catch (error) {
              if ((error as { code?: string }).code !== "Unavailable") wrong.push(error);
              refused += 1;
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
        });
        await waitFor("the first answers", () => answered > 100);
        await broker().restart?.();
        await waitFor("the loss to be noticed", () => refused > 0);
        await waitFor("both connections", () => requester.connected() && replica.connected());
        const before = answered;
        await waitFor("answers after the restart", () => answered > before + 100);
        done = true;
        await Promise.all(load);
        expect(wrong).toEqual([]);
      });

      it("drains without it", async (context) => {
        context.skip(broker().start === undefined, "the broker is not ours");
        const { bus } = await open();
        await serveEcho(bus);
        await broker().stop();
        await waitFor("the loss to be noticed", () => !bus.connected());
        await bus.drain();
        expect(bus.connected()).toBe(false);
      });
    });

    describe("when a replica is gone", () => {
      it("rejects with Unavailable after kill -9, without waiting for its deadline, and the next request finds another replica", async () => {
        const { bus: requester } = await open();
        const script = fileURLToPath(new URL("fixtures/replica.mjs", import.meta.url));
        const child = spawn(process.execPath, [script, broker().url], { stdio: ["ignore", "pipe", "inherit"] });
        children.push(child);
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        expect((await lines.next()).value).toBe("listening");
        const lost = rejection(requester.request(busRequest({ timeoutMs: 25_000 })));
        expect((await lines.next()).value).toBe("took");
        child.kill("SIGKILL");
        // A loss that is not noticed would end as Timeout.
        expect(await lost).toMatchObject({ code: "Unavailable" });
        expect(await rejection(requester.request(busRequest()))).toMatchObject({ code: "Unavailable" });
        const { bus: other } = await open();
        await serveEcho(other);
        expect(text(await requester.request(busRequest()))).toBe("ping");
      });

      it("keeps waiting for a slow one that says it still works", async () => {
        const { bus: requester, stats } = await open({ silenceMs: 1_500 });
        const { bus: replica } = await open({ aliveIntervalMs: 100, aliveAfterMs: 20 });
        const gate = createGate();
        await replica.serve("tasks", async (request) => {
          await gate.opened;
          return request.payload;
        });
        const answer = requester.request(busRequest());
        await waitFor("signs of life for far longer than silence is borne", () => stats.framesReceived >= 20);
        gate.open();
        expect(text(await answer)).toBe("ping");
      });
    });

    describe("drains", () => {
      it("only after its running handlers asked others", async () => {
        const { bus: requester } = await open();
        const { bus: leaving } = await open();
        const { bus: other } = await open();
        const started = createGate();
        const gate = createGate();
        await serveEcho(other, "dispatch");
        await leaving.serve("tasks", async (request) => {
          started.open();
          await gate.opened;
          return leaving.request(busRequest({ service: "dispatch", payload: request.payload }));
        });
        const running = requester.request(busRequest());
        await started.opened;
        const drained = leaving.drain();
        gate.open();
        expect(text(await running)).toBe("ping");
        await drained;
      });
    });

    describe("distrusts what it reads", () => {
      let raw: NatsConnection;

      beforeEach(async () => {
        raw = await connect({ servers: new URL(broker().url).host });
      });
      afterEach(() => raw.close());

      it("drops malformed messages with a bounded excerpt and goes on", async () => {
        const { bus, log, stats } = await open();
        await serveEcho(bus);
        raw.publish(requestSubject("tasks"), Buffer.alloc(5_000, 0xff), { reply: "_INBOX.flovyn.x.q1" });
        await waitFor("the unreadable message to be counted", () => stats.malformed === 1);
        raw.publish(requestSubject("tasks"), RequestBatch.encode({ frames: [] }).finish(), { reply: "elsewhere" });
        await waitFor("the message with a foreign inbox to be counted", () => stats.malformed === 2);
        const warnings = log.lines.filter((line) => line.message === "malformed bus message dropped");
        expect(warnings[0]?.fields).toMatchObject({ excerpt: "ff".repeat(48), bytes: 5_000 });
        expect(text(await bus.request(busRequest()))).toBe("ping");
      });

      it("answers a frame without a caller with InvalidInput", async () => {
        const { bus } = await open();
        await serveEcho(bus);
        const answer = await ask({ operation: "internal/X" });
        expect(answer.answer).toMatchObject({ $case: "error", value: { code: "InvalidInput" } });
      });

      it("turns a code it does not know into Internal", async () => {
        const { bus } = await open();
        raw.subscribe(requestSubject("tasks"), {
          callback: (_, message) => {
            const [frame] = RequestBatch.decode(message.data).frames;
            const value = { code: "Quantum", message: "secret", reason: "", field: "" };
            const inbox = (message.reply ?? "").replace(/\.q\d+$/, ".r");
            raw.publish(inbox, replies([{ id: frame?.id ?? 0, answer: { $case: "error", value } }]));
          },
        });
        await raw.flush();
        const error = await rejection(bus.request(busRequest()));
        expect(error).toMatchObject({ code: "Internal", message: "an internal error occurred" });
      });

      it("frees an upload whose requester vanished", async () => {
        const { bus, stats } = await open({ silenceMs: 100, aliveIntervalMs: 40 });
        const { bus: patient } = await open();
        await serveEcho(bus);
        const first = await ask({ operation: "internal/X", caller: rawCaller, chunkedBytes: 8 * mebibyte });
        expect(first.answer?.$case).toBe("fetchSubject");
        await waitFor("the upload to be given up", () => stats.running === 0);
        expect(text(await patient.request(busRequest()))).toBe("ping");
      });

      it("refuses an upload that announces more than the limit", async () => {
        const { bus } = await open();
        await serveEcho(bus);
        const answer = await ask({ operation: "internal/X", caller: rawCaller, chunkedBytes: 17 * mebibyte });
        expect(answer.answer).toMatchObject({ $case: "error", value: { code: "PayloadTooLarge" } });
      });

      it("stops sending chunks to a requester that vanished", async () => {
        const { bus, stats } = await open();
        await bus.serve("tasks", async () => new Uint8Array(30 * mebibyte));
        const first = await ask({ operation: "internal/X", caller: rawCaller });
        expect(first.answer?.$case).toBe("chunk");
        await waitFor("the answer to be given up", () => stats.running === 0);
        expect(stats.repliesDropped).toBe(1);
        expect(stats.messagesSent).toBeLessThan(12);
      });

      it("rejects an answer of which a chunk is missing", async () => {
        const { bus, stats } = await open();
        raw.subscribe(requestSubject("tasks"), {
          callback: (_, message) => {
            const id = RequestBatch.decode(message.data).frames[0]?.id ?? 0;
            const inbox = (message.reply ?? "").replace(/\.q\d+$/, ".r");
            for (const index of [0, 2]) {
              const value = { index, last: false, data: Buffer.alloc(10) };
              raw.publish(inbox, replies([{ id, answer: { $case: "chunk", value } }]));
            }
          },
        });
        await raw.flush();
        expect(await rejection(bus.request(busRequest()))).toMatchObject({ code: "Unavailable" });
        expect(stats.pending).toBe(0);
      });

      const rawCaller = { orgId: caller.orgId, principalType: "Worker", principalId: "w", role: "" };

      const replies = (frames: ReplyFrame[]): Uint8Array => ReplyBatch.encode({ frames }).finish();

      /** Sends one frame as a foreign process and gives the first frame that comes back. */
      async function ask(fields: Partial<RequestFrame>): Promise<ReplyFrame> {
        const inbox = "_INBOX.flovyn.raw";
        const answers = raw.subscribe(`${inbox}.r`, { max: 1 });
        const frame = { id: 7, timeoutMs: 60_000, ...fields };
        raw.publish(
          requestSubject("tasks"),
          RequestBatch.encode(RequestBatch.fromPartial({ frames: [frame] })).finish(),
          {
            reply: `${inbox}.q1`,
          },
        );
        for await (const message of answers) {
          const [answer] = ReplyBatch.decode(message.data).frames;
          if (answer !== undefined) return answer;
        }
        throw new Error("no answer came");
      }
    });
  });
}
