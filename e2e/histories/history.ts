import { evenOwners, slotOf } from "../../src/plan/slots.ts";

/** Seconds that a history lasts, and from the beginning of one to that of the next: nothing of one is looked back at from the next. */
export const historySeconds = 2400;
export const historyEvery = 3600;

export const shardCount = 2;
export type ReplicaName = "a" | "b";

/** What was scraped, and what either replica has missed of it. Times in s since the beginning of the history. */
export interface History {
  targets: readonly Target[];
  anomalies: readonly Anomaly[];
}

/** An instance of a job, while it is there. */
export interface Target {
  job: string;
  instance: string;
  /** s between two scrapes. */
  interval: number;
  /** Of its scrapes, s. */
  phase: number;
  /** It is there from one time to another; both ends may lie outside the history. */
  from: number;
  to: number;
  /** Its values. */
  seed: number;
  /** Times in which it answers nobody. */
  down: readonly Stretch[];
}

export interface Stretch {
  from: number;
  to: number;
}

/**
 * What one replica has missed.
 * `away`: the server was killed, all its targets have nothing; `unseen`: it does not have some targets; `failed`: it does not reach some
 * targets, writes up = 0 and stale markers; `missed`: a single scrape; `slow`: a scrape takes so long that the next ones are left out;
 * `restart`: away for a moment.
 */
export interface Anomaly extends Stretch {
  kind: "away" | "unseen" | "failed" | "missed" | "slow" | "restart";
  shard: string;
  replica: ReplicaName;
  /** Instances. */
  targets: readonly string[];
}

const owners = evenOwners(shardCount);

/** The shard that owns a target, as the product shards its targets. */
export function shardOf(instance: string): string {
  const shard = owners[slotOf([instance])];
  if (shard === undefined) throw new Error("a slot without an owner");
  return shard;
}
