import fc from "fast-check";
import { NonRetryableError, RetryLaterError, WorkflowCancelledError } from "../src/index.js";

type Maker = () => unknown;

/** Makers of values that break code which looks at them without care. */
const hostile = fc.constantFrom<Maker>(
  () => Object.create(null),
  () => revoked(),
  () => proxyThrowing(new Error("a trap")),
  () => proxyThrowing(Object.create(null)),
  () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    return cyclic;
  },
  () => Symbol("a symbol"),
  () => Symbol(),
  () => function named() {},
  () => class {},
  () => ({
    toString() {
      throw new Error("in toString");
    },
  }),
  () => ({
    toJSON() {
      throw Object.create(null);
    },
    [Symbol.toPrimitive]() {
      throw Symbol("in toPrimitive");
    },
  }),
  () => ({
    get name() {
      throw new Error("in a getter");
    },
  }),
  () => ({
    // biome-ignore lint/suspicious/noThenProperty: what code throws may be a thenable, too.
    then() {
      throw Object.create(null);
    },
  }),
  () => new Map([[{}, 1n]]),
  () => new Uint8Array(3),
  () => "half of a pair: \ud800",
  () => "nul: \0",
  () => "",
  () => "x".repeat(200_000),
  () => Array.from({ length: 200_000 }, () => "x"),
  () => undefined,
  () => null,
);

const anything: fc.Arbitrary<Maker> = fc.oneof(
  hostile,
  fc
    .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true })
    .map((value) => () => value),
);

const errorTypes = fc.constantFrom<() => Error>(
  () => new Error("out of paper"),
  () => new TypeError(),
  () => new AggregateError([new Error("one"), "two"], "all"),
  () => new NonRetryableError("no such card"),
  () => new RetryLaterError("too busy", "2s"),
  () => new WorkflowCancelledError("another", "a reason"),
  () => new DOMException("gone", "AbortError"),
  () => Object.create(Error.prototype),
);

const members = ["message", "name", "stack", "cause", "code", "errors", "retryAfterMs", "workflowId", "reason"];

/** Errors, some of whose members are replaced by anything, or by getters that throw anything. */
const errors = fc
  .tuple(errorTypes, fc.dictionary(fc.constantFrom(...members), fc.tuple(fc.boolean(), anything)))
  .map(([make, replaced]) => () => {
    const error = make();
    // V8 writes the stack when it is replaced, with the message of that moment.
    if (Object.hasOwn(replaced, "stack")) void error.stack;
    for (const [key, [throws, value]] of Object.entries(replaced)) {
      const get = () => {
        if (throws) throw value();
        return value();
      };
      Object.defineProperty(error, key, { get, configurable: true });
    }
    return error;
  });

/** An error that is its own cause, and one of its own errors. */
const entangled = errors.map((make) => () => {
  const error = make();
  const other = new AggregateError([error, error], "entangled", { cause: error });
  Object.defineProperty(error, "cause", { value: other, configurable: true });
  return error;
});

/** Makers of anything that JavaScript lets code throw. No values, because fast-check itself looks at those without care. */
export const thrownValues: fc.Arbitrary<Maker> = fc.oneof(anything, errors, entangled);

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function proxyThrowing(thrown: unknown): object {
  const trap = () => {
    throw thrown;
  };
  const handler = { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap };
  return new Proxy(new Error("below a proxy"), handler);
}
