/** The worker of the demo, while the development server runs. */
export interface DemoWorker {
  stop(): Promise<void>;
}

export interface DemoTarget {
  orgId: string;
  orgSlug: string;
  apiKey: string;
  workerToken: string;
  grpcPort: number;
  httpPort: number;
}

export async function startDemo(_target: DemoTarget): Promise<DemoWorker> {
  return { stop: async () => {} };
}
