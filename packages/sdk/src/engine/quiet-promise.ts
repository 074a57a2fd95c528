export interface QuietPromise<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/** A promise that may reject although nobody awaits it, as the losers of a race do. */
export function quietPromise<Value>(): QuietPromise<Value> {
  let settle: Omit<QuietPromise<Value>, "promise"> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  if (settle === undefined) throw new Error("a promise runs its executor at once");
  return { promise, ...settle };
}

export function quietRejection(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}

/** How a suspended function waits: it is never resumed, the next activation runs it again from its beginning. */
export function neverSettles(): Promise<never> {
  return new Promise(() => {});
}
