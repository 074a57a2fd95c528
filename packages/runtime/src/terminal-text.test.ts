import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.js";
import { terminalLine, terminalLines } from "./terminal-text.js";

/** By hand, so that the pattern is held against something else than itself. */
const commandingRanges = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
] as const;
const commandingCharacters = commandingRanges.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index)),
);
const everyUnit = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code));

describe("text for a terminal", () => {
  it("changes exactly the characters that a terminal acts on", () => {
    expect(everyUnit.filter((unit) => terminalLine(unit) !== unit)).toEqual(commandingCharacters);
  });

  it("leaves whole pairs of surrogates, and shows what it changes without a change of the value of JSON", () => {
    expect(terminalLine("👩‍💻 漢字 é")).toBe("👩‍💻 漢字 é");
    const text = commandingCharacters.join("|");
    const shown = terminalLine(JSON.stringify({ text }));
    expect(JSON.parse(shown)).toEqual({ text });
    expect(terminalLine("a\n\tb\u009b31m\ud800")).toBe("a\\n\\tb\\u009b31m\\ud800");
  });

  it("keeps line feeds of text of several lines, and nothing else", () => {
    expect(everyUnit.filter((unit) => terminalLines(unit) !== terminalLine(unit))).toEqual(["\n"]);
    expect(terminalLines("a\nb\r\n")).toBe("a\nb\\r\n");
  });
});

describe("the pretty log", () => {
  /** Wherever a log line may carry text of strangers. */
  const places: [string, (text: string) => [fields: Record<string, unknown>, message: string]][] = [
    ["the message", (text) => [{}, text]],
    ["a field", (text) => [{ kind: text }, "m"]],
    ["the name of a field", (text) => [{ [`x${text}`]: 1 }, "m"]],
    ["a nested field", (text) => [{ a: { b: [text] } }, "m"]],
    ["the component", (text) => [{ component: text }, "m"]],
    ["an error", (text) => [{ err: new Error(text) }, "m"]],
    ["the cause of an error", (text) => [{ err: new Error("a", { cause: new Error(text) }) }, "m"]],
    ["one of several errors", (text) => [{ err: new AggregateError([new Error(text)], "a") }, "m"]],
    ["the code of an error", (text) => [{ err: Object.assign(new Error("a"), { code: text }) }, "m"]],
    ["something thrown that is no error", (text) => [{ err: text }, "m"]],
  ];

  it.each(places)("gives a terminal nothing to act on in %s", (_where, build) => {
    const lines: string[] = [];
    const log = createLogger({
      ...{ service: "s", level: "info", pretty: true },
      destination: { write: (line: string) => lines.push(line) },
    });
    for (const character of commandingCharacters) log.info(...build(`before${character}after`));
    expect(lines).toHaveLength(commandingCharacters.length);
    const written = lines.map((line) => line.replaceAll("\n", ""));
    expect(written.filter((line) => terminalLine(line) !== line)).toEqual([]);
    expect(written.every((line) => line.includes("before") && line.includes("after"))).toBe(true);
  });
});
