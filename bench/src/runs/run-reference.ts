import type { Bench } from "./bench.js";

/** The reference needs no longer than this to show its rate. */
const callsMax = 15_000;

/** Rounds per second of an empty server that the same clients ask. */
export async function runReference(
  { clients, echo, options }: Bench,
  load: { rounds: number; callsPerRound: number; concurrency: number },
): Promise<number> {
  const { callsPerRound, concurrency } = load;
  const wanted = Math.min(load.rounds, Math.ceil(callsMax / callsPerRound));
  const rounds = Math.ceil(wanted / clients.length);
  const results = await Promise.all(
    clients.map((client) =>
      client.run<"reference">({
        type: "reference",
        door: echo.door,
        rounds,
        callsPerRound,
        concurrency: Math.ceil(concurrency / clients.length),
        connections: options.connections,
      }),
    ),
  );
  return (rounds * clients.length * 1000) / Math.max(...results.map(({ elapsedMs }) => elapsedMs));
}
