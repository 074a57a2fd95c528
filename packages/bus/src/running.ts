/** Counts what is under way and tells when there is nothing left. */
export interface Running {
  begin(): void;
  end(): void;
  count(): number;
  /** Resolves when nothing is under way, at once when that is so already. */
  idle(): Promise<void>;
}

export function createRunning(): Running {
  let count = 0;
  let waiting: (() => void)[] = [];
  return {
    begin() {
      count += 1;
    },
    end() {
      count -= 1;
      if (count > 0) return;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    count: () => count,
    idle() {
      return count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
  };
}
