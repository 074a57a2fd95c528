/** A line that is no event, with the time at which it was said. */
export interface AsideLine {
  atMs: number;
  line: string;
}

/**
 * Lines of a worker beside a history. The history is read at intervals, so a line said at once would stand before the events
 * that led to it: while a history is followed, lines are held and shown in the order of time.
 */
export class AsideLines {
  private readonly show: (line: string) => void;
  private held: AsideLine[] | undefined;

  constructor(show: (line: string) => void) {
    this.show = show;
  }

  readonly say = (line: string): void => {
    if (this.held === undefined) this.show(line);
    else this.held.push({ atMs: Date.now(), line });
  };

  /** From now on lines are held. */
  hold(): void {
    this.held ??= [];
  }

  /** What was held so far. Taken before a reading of the history, all that led to it is in that reading. */
  take(): AsideLine[] {
    return this.held?.splice(0) ?? [];
  }

  /** Shows what is held; from now on lines are shown at once. */
  release(): void {
    for (const { line } of this.take()) this.show(line);
    this.held = undefined;
  }
}
