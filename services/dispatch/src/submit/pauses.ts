/** Commands from which on a batch makes pauses: some 10 ms of work. */
const pausingFrom = 500;

/**
 * Lets the process do other things between the stages of a batch that holds many commands; small batches go straight on.
 * The batch keeps its locks meanwhile, which are those of its own workflows.
 */
export function pausesOf(commands: number): () => Promise<void> {
  return async () => {
    if (commands >= pausingFrom) await new Promise<void>((resolve) => setImmediate(resolve));
  };
}
