import { newId } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { formatCursor, parseCursor } from "./cursor.js";

const id = newId();
const cursor = formatCursor([{ id }, { id: newId() }], [{ id }]);
const encoded = (text: string) => Buffer.from(text).toString("base64url");

describe("a cursor", () => {
  it("is read as the id that it was made of", () => {
    expect(parseCursor(cursor)).toBe(id);
    expect(parseCursor("")).toBeNull();
  });

  it.each([
    ["padding", `${cursor}=`],
    ["another alphabet", `${cursor.slice(0, -1)}+`],
    ["a space that base64 skips", `${cursor.slice(0, 5)} ${cursor.slice(5)}`],
    ["a line end that base64 skips", `${cursor}\n`],
    ["a character more", `${cursor}A`],
    ["an id in upper case", encoded(id.toUpperCase())],
    ["another text", encoded("x")],
  ])("with %s is refused", (_name, text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: "InvalidInput", field: "cursor" }));
  });
});
