import fc from "fast-check";

/** Which of several: taken modulo how many there are. */
const index = fc.nat({ max: 7 });
const epoch = fc.constantFrom("none", "current", "current", "stale");

/** What a worker may ask for; ids are made, and things picked, when the step is taken. */
const command = fc.oneof(
  { weight: 1, arbitrary: fc.record({ ask: fc.constant("record" as const) }) },
  { weight: 2, arbitrary: fc.record({ ask: fc.constant("setState" as const), key: index }) },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant("clearState" as const), key: index }) },
  { weight: 4, arbitrary: fc.record({ ask: fc.constant("schedule" as const), again: fc.boolean(), index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant("startTimer" as const),
      again: fc.boolean(),
      index,
      durationMs: fc.constantFrom(0, 100, 900),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ask: fc.constant("cancelTimer" as const), index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant("createPromise" as const),
      name: fc.constantFrom("approval", "payment"),
      timeoutMs: fc.constantFrom(null, null, 0, 300),
      key: fc.constantFrom(null, null, 0, 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constant("resolvePromise" as const),
      by: fc.constantFrom("name", "id", "unknown"),
      name: fc.constantFrom("approval", "payment"),
      index,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constant("scheduleChild" as const),
      again: fc.constantFrom("no", "no", "id", "name"),
      index,
    }),
  },
  { weight: 2, arbitrary: fc.record({ ask: fc.constant("cancelChild" as const), byName: fc.boolean(), index }) },
);
export type Asked = typeof command extends fc.Arbitrary<infer T> ? T : never;

const one = <Name extends string>(name: Name) => fc.constant(name);

/** What may happen to a family of workflows. `w` picks the workflow. */
export const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: one("claim"), w: index }) },
  {
    weight: 12,
    arbitrary: fc.record({
      ...{ do: one("suspend"), w: index, epoch, seen: fc.boolean() },
      commands: fc.array(command, { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constantFrom("finish" as const, "break" as const, "giveUp" as const), w: index, epoch },
      commands: fc.array(command, { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: one("resend") }) },
  { weight: 6, arbitrary: fc.record({ do: one("claimTask"), w: index }) },
  { weight: 5, arbitrary: fc.record({ do: one("completeTask"), index, epoch }) },
  { weight: 3, arbitrary: fc.record({ do: one("failTask"), index, epoch, retryable: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: one("releaseTask"), index }) },
  { weight: 1, arbitrary: fc.record({ do: one("cancelTask"), index }) },
  { weight: 2, arbitrary: fc.record({ do: one("release"), w: index }) },
  { weight: 1, arbitrary: fc.record({ do: one("cancel"), w: index, withMembers: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: one("signal"), w: index, id: fc.constantFrom(null, null, "a", "b") }),
  },
  { weight: 5, arbitrary: fc.record({ do: one("settle"), index, reject: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: one("passTime") }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
