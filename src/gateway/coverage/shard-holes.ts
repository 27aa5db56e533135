import { missedScrapes } from "../../coverage/missed-scrapes.ts";
import { type ScrapeRun, joinRuns } from "../../coverage/scrape-run.ts";
import type { Hole } from "./hole.ts";
import type { ReplicaScrapes } from "./replica-scrapes.ts";

/** What the replicas of a shard lack of what another one of them has. */
export class ShardHoles {
  readonly #replicas: readonly ReplicaScrapes[];
  readonly #allowed: number;
  #holes = new Map<ReplicaScrapes, readonly Hole[]>();
  #revisions: readonly number[] = [];

  /** @param allowed missed scrapes in a row that do not count */
  constructor(replicas: readonly ReplicaScrapes[], allowed: number) {
    this.#replicas = replicas;
    this.#allowed = allowed;
  }

  get replicas(): readonly ReplicaScrapes[] {
    return this.#replicas;
  }

  get allowed(): number {
    return this.#allowed;
  }

  /** Of one of the replicas, as far as it is known. */
  of(replica: ReplicaScrapes): readonly Hole[] {
    const revisions = this.#replicas.map(({ revision }) => revision);
    if (revisions.some((revision, index) => revision !== this.#revisions[index])) {
      this.#revisions = revisions;
      this.#holes = new Map(this.#replicas.map((one) => [one, this.#compute(one)]));
    }
    return this.#holes.get(replica) ?? [];
  }

  #compute(replica: ReplicaScrapes): Hole[] {
    const known = replica.known;
    // of whom nothing is known yet, nothing is held against
    if (!known) return [];
    const holes: Hole[] = [];
    const others = this.#replicas.filter((other) => other !== replica);
    for (const [key, { job, instance }] of new Map(others.flatMap((other) => [...other.targets]))) {
      const own = replica.targets.get(key)?.runs ?? [];
      const runs = others.reduce<readonly ScrapeRun[]>((joined, other) => {
        const more = other.targets.get(key)?.runs ?? [];
        return joined.length === 0 ? more : joinRuns(joined, more, this.#allowed);
      }, []);
      if (isWhole(own, runs)) continue;
      for (const missed of missedScrapes(own, runs, this.#allowed, known.to)) {
        // what comes before is not known yet, unless there is nothing
        const isKnown =
          missed.to >= known.from + missed.interval || missed.from < (replica.oldest ?? -Infinity);
        if (isKnown || replica.isComplete) holes.push({ ...missed, target: { job, instance } });
      }
    }
    return holes;
  }
}

/** Nearly all targets: scraped by both all the time. */
function isWhole(own: readonly ScrapeRun[], others: readonly ScrapeRun[]): boolean {
  const [mine] = own;
  const [theirs] = others;
  if (own.length !== 1 || others.length !== 1 || !mine || !theirs) return false;
  return mine.from <= theirs.from && mine.to >= theirs.to;
}
