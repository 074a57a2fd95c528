import { newId } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { formatCursor, formatPlaceCursor, parseCursor, parsePlaceCursor } from "./cursor.js";

const id = newId();
const place = { createdAtUs: "1796083200000001", id };
const encoded = (text: string) => Buffer.from(text).toString("base64url");
const forms = [
  ["an id", formatCursor([{ id }, { id: newId() }], [{ id }]), parseCursor, id],
  ["a place", formatPlaceCursor([place, place], [place]), parsePlaceCursor, place],
] as const;

describe.each(forms)("a cursor of %s", (_name, cursor, parse, meant) => {
  it("is read as what it was made of", () => {
    expect(parse(cursor)).toEqual(meant);
    expect(parse("")).toBeNull();
  });

  it.each([
    ["padding", `${cursor}=`],
    ["another alphabet", `${cursor.slice(0, -1)}+`],
    ["a space that base64 skips", `${cursor.slice(0, 5)} ${cursor.slice(5)}`],
    ["a line end that base64 skips", `${cursor}\n`],
    ["a character more", `${cursor}A`],
    ["an id in upper case", encoded(id.toUpperCase())],
    ["another text", encoded("x")],
    ["a time that is no number", encoded(`1e3/${id}`)],
    ["a time below zero", encoded(`-1/${id}`)],
    ["a time past every other", encoded(`${"9".repeat(17)}/${id}`)],
    ["a third part", encoded(`1/${id}/${id}`)],
    ["a time alone", encoded("1")],
  ])("with %s is refused", (_case, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "InvalidInput", field: "cursor" }));
  });

  it("is empty on the last page", () => {
    expect(formatCursor([{ id }], [{ id }])).toBe("");
    expect(formatPlaceCursor([place], [place])).toBe("");
  });
});

it("a cursor of one kind of list is refused by the other", () => {
  expect(() => parsePlaceCursor(forms[0][1])).toThrow(expect.objectContaining({ field: "cursor" }));
  expect(() => parseCursor(forms[1][1])).toThrow(expect.objectContaining({ field: "cursor" }));
});
