import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAssembly, createAssemblyRoom } from "./assembly.js";

const part = (index: number, text: string, last = false) => ({ index, last, data: Buffer.from(text) });

describe("an assembly", () => {
  it("gives back what was cut, however it was cut", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 100 }),
        (payload, size) => {
          const room = createAssemblyRoom(500);
          const assembly = createAssembly(500, room);
          const count = Math.ceil(payload.byteLength / size);
          for (let index = 0; index < count; index += 1) {
            const last = index === count - 1;
            const data = payload.subarray(index * size, (index + 1) * size);
            const progress = assembly.add({ index, last, data });
            expect(progress.state).toBe(last ? "done" : "more");
            if (progress.state === "done") expect(new Uint8Array(progress.payload)).toEqual(payload);
          }
          // All of the room is free again.
          expect(room.take(500)).toBe(true);
        },
      ),
    );
  });

  it("notices a gap, a repetition and more than was announced", () => {
    const room = createAssemblyRoom(100);
    const assembly = createAssembly(10, room);
    expect(assembly.add(part(1, "x"))).toEqual({ state: "lost" });
    expect(assembly.add(part(0, "12345"))).toEqual({ state: "more" });
    expect(assembly.add(part(0, "12345"))).toEqual({ state: "lost" });
    expect(assembly.add(part(1, "123456"))).toEqual({ state: "too-large", bytes: 11 });
  });

  it("shares its room with the others, and frees it once when it is released", () => {
    const room = createAssemblyRoom(10);
    const first = createAssembly(10, room);
    const second = createAssembly(10, room);
    expect(first.add(part(0, "12345678"))).toEqual({ state: "more" });
    expect(second.add(part(0, "123"))).toEqual({ state: "no-room" });
    first.release();
    first.release();
    expect(room.take(10)).toBe(true);
    expect(room.take(1)).toBe(false);
  });
});
