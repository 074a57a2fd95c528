import type { Random } from "./random.js";

const someId = "0190a5c0-0000-7000-8000-00000000000a";

/** Texts that break what takes them for an id, a name, a subject, a path, a statement or JSON. */
const texts = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\n\r\t",
  "x".repeat(300),
  "x".repeat(70_000),
  "\ud800",
  "\u202e\u200b",
  "🎉".repeat(50),
  "'; drop table organization; --",
  "$(id)`id`",
  "{{7*7}}",
  "../../etc/passwd",
  "%2e%2e%2f",
  "%00",
  "flovyn.rpc.dispatch",
  "*",
  ">",
  "a.b.>",
  "_INBOX.flovyn.x",
  "null",
  "undefined",
  "NaN",
  "-1",
  "0",
  "9007199254740993",
  "1e400",
  "true",
  "[object Object]",
  "__proto__",
  "constructor",
  "default",
  someId,
  someId.toUpperCase(),
  `${someId}:name`,
  "id:not-a-uuid",
  `id:${someId}`,
  "key:",
  "key:a:b",
  "00000000-0000-0000-0000-000000000000",
  "1 or 1=1",
  "<script>alert(1)</script>",
  "Infinity",
] as const;

const jsonTexts = [
  "",
  "{",
  "}",
  "nul",
  '{"a":}',
  '"\\ud800"',
  "[".repeat(20_000),
  `${"[".repeat(500)}${"]".repeat(500)}`,
  '{"__proto__":{"x":1}}',
  '{"a":1,"a":2}',
  "1e999999",
  "-",
  "01",
  "\u0000",
  '"\u0000"',
  "\ufeff{}",
  "{}",
  "[]",
  "null",
  "123456789012345678901234567890",
  '{"kind":null}',
  '{"kind":{"a":[]},"queue":7}',
] as const;

const numbers = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, 255, 65_536] as const;

export function hostileText(random: Random): string {
  if (random.chance(10)) return random.bytes(random.below(40)).toString("latin1");
  return random.oneOf(texts);
}

export function hostileJson(random: Random): string {
  return random.oneOf(jsonTexts);
}

export function hostileBytes(random: Random): Buffer {
  if (random.chance(30)) return random.bytes(random.below(200));
  return Buffer.from(random.oneOf(jsonTexts));
}

export function hostileNumber(random: Random): number {
  return random.oneOf(numbers);
}

/** A few bytes of it are others, missing, or there twice. */
export function mutate(random: Random, bytes: Uint8Array): Buffer {
  let mutated = Buffer.from(bytes);
  for (let times = random.below(4); times >= 0; times--) {
    if (mutated.byteLength === 0) return random.bytes(1 + random.below(20));
    const at = random.below(mutated.byteLength);
    switch (random.below(4)) {
      case 0:
        mutated[at] = random.below(256);
        break;
      case 1:
        mutated = mutated.subarray(0, at);
        break;
      case 2:
        mutated = Buffer.concat([mutated.subarray(0, at), random.bytes(1 + random.below(8)), mutated.subarray(at)]);
        break;
      default:
        mutated = Buffer.concat([mutated, mutated.subarray(at)]);
    }
  }
  return mutated;
}
