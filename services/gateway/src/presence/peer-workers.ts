import { peersMax, workersPerPeerMax } from "../limits.js";
import type { NamedWorker } from "./named-worker.js";

/** A connection that is silent for so long is forgotten; the longest silence of a living worker is 30 s. */
const peerIdleMs = 90_000;

interface Peer {
  /** Undefined once more workers used the connection than one process holds: it is a proxy. */
  workers: Map<string, NamedWorker> | undefined;
  lastCallMs: number;
  active: boolean;
}

/**
 * Which workers of a principal call over which connection. Most calls do not name a worker, but any call is a sign of life of
 * the process at the other end, so of the workers that polled over the same connection.
 */
export class PeerWorkers {
  readonly #peers = new Map<string, Peer>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** The worker called over this connection. */
  join(peerName: string, key: string, worker: NamedWorker): void {
    const peer = this.#peers.get(peerName) ?? this.#add(peerName);
    peer.lastCallMs = this.#now();
    if (peer.workers === undefined || peer.workers.has(key)) return;
    peer.workers.set(key, worker);
    if (peer.workers.size > workersPerPeerMax) peer.workers = undefined;
  }

  /** Some call came over this connection. */
  call(peerName: string): void {
    const peer = this.#peers.get(peerName);
    if (peer === undefined) return;
    peer.active = true;
    peer.lastCallMs = this.#now();
  }

  /** The worker is gone: earlier calls over this connection are no sign of life of it. */
  leave(peerName: string, key: string): void {
    this.#peers.get(peerName)?.workers?.delete(key);
  }

  /** Visits the workers of connections with calls since the last time, and forgets silent connections. */
  collect(visit: (key: string, worker: NamedWorker) => void): void {
    const silentSince = this.#now() - peerIdleMs;
    for (const [name, peer] of this.#peers) {
      if (!peer.active && peer.lastCallMs < silentSince) this.#peers.delete(name);
      if (peer.active) for (const [key, worker] of peer.workers ?? []) visit(key, worker);
      peer.active = false;
    }
  }

  #add(peerName: string): Peer {
    if (this.#peers.size >= peersMax) {
      const oldest = this.#peers.keys().next();
      if (oldest.done !== true) this.#peers.delete(oldest.value);
    }
    const peer: Peer = { workers: new Map(), lastCallMs: 0, active: false };
    this.#peers.set(peerName, peer);
    return peer;
  }
}
