/**
 * What a look at a value gives, undefined when the look throws. Getters and proxies may throw at any look at a value, also at
 * `instanceof`, so nothing that user code threw may be looked at in another way.
 */
export function safely<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** A member of any value, undefined when it has none or does not give it. */
export function member(value: unknown, key: string | number): unknown {
  return safely(() => (value as Record<string | number, unknown>)[key]);
}

export function isInstance<Type extends abstract new (...args: never[]) => unknown>(
  value: unknown,
  type: Type,
): value is InstanceType<Type> {
  return safely(() => value instanceof type) === true;
}
