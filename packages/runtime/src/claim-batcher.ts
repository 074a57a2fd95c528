import type { BatchLane } from "./batch-lane.js";
import { type Batcher, createBatcher, type Outcome } from "./batcher.js";
import { toDomainError } from "./errors/grpc-status.js";
import type { Metrics } from "./metrics.js";

/** Pollers of one queue that wait for work: what one claim request of a gateway asks for. */
export interface WaitingPollers {
  orgId: string;
  queue: string;
  /** Only these kinds; empty means any. */
  kinds: readonly string[];
  pollers: readonly { workerId: string; principal: string; leaseMs: number }[];
}

/** One poller of one line of a claim statement. */
export interface RankedPoller {
  orgId: string;
  queue: string;
  kinds: readonly string[];
  /** Place among the pollers of the line, from 1. */
  rank: number;
  workerId: string;
  /** Whose worker that is; empty when that is not known. */
  principal: string;
  leaseMs: number;
}

interface Claimed {
  orgId: string;
  queue: string;
  rank: number;
}

/**
 * Merges the claims of all gateways into few statements: requests for one (org, queue) become one line, whose first
 * items go to the first request. A statement knows one kinds filter for each (org, queue); requests with another filter
 * are claimed by the next statement of the batch.
 */
export function createClaimBatcher<Item extends Claimed>(options: {
  name: string;
  metrics?: Metrics;
  lane?: BatchLane;
  claim: (pollers: readonly RankedPoller[]) => Promise<readonly Item[]>;
}): Batcher<WaitingPollers, Item[]> {
  return createBatcher<WaitingPollers, Item[]>({
    name: options.name,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    ...(options.lane === undefined ? {} : { lane: options.lane }),
    run: async (requests) => {
      const rounds = planRounds(requests);
      const outcomes: Outcome<Item[]>[] = requests.map(() => ({ ok: true, value: [] }));
      for (const round of rounds) {
        try {
          for (const item of await options.claim(round.pollers)) {
            const outcome = outcomes[round.owners.get(`${item.orgId}/${item.queue}/${item.rank}`) ?? -1];
            if (outcome?.ok) outcome.value.push(item);
          }
        } catch (error) {
          if (rounds.length === 1) throw error;
          // What other rounds claimed is committed and must reach its pollers: only this round's requests fail.
          const failed: Outcome<Item[]> = { ok: false, error: toDomainError(error) };
          for (const owner of round.owners.values()) outcomes[owner] = failed;
        }
      }
      return outcomes;
    },
  });
}

interface Round {
  /** Kinds filter of each (org, queue) in this round. */
  filters: Map<string, string>;
  ranks: Map<string, number>;
  pollers: RankedPoller[];
  /** Which request gets the item of a rank. */
  owners: Map<string, number>;
}

function planRounds(requests: readonly WaitingPollers[]): Round[] {
  const rounds: Round[] = [];
  requests.forEach((request, index) => {
    const line = `${request.orgId}/${request.queue}`;
    // One order and no repeats: the same filter has one text, whoever asks.
    const kinds = [...new Set(request.kinds)].sort();
    const filter = JSON.stringify(kinds);
    let round = rounds.find((candidate) => (candidate.filters.get(line) ?? filter) === filter);
    if (round === undefined) {
      round = { filters: new Map(), ranks: new Map(), pollers: [], owners: new Map() };
      rounds.push(round);
    }
    round.filters.set(line, filter);
    for (const poller of request.pollers) {
      const rank = (round.ranks.get(line) ?? 0) + 1;
      round.ranks.set(line, rank);
      round.pollers.push({ orgId: request.orgId, queue: request.queue, kinds, rank, ...poller });
      round.owners.set(`${line}/${rank}`, index);
    }
  });
  return rounds;
}
