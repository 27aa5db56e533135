import type { Replica, Router } from "../router/router.ts";
import { type Coverage, covering } from "./coverage-index.ts";
import { cutPlan } from "./cut-plan.ts";
import type { Covering, CutPlan } from "./hole.ts";
import type { TimeRange } from "./replica-scrapes.ts";

const nobody: ReadonlySet<Replica> = new Set();

const isWell = (replica: Replica): boolean => replica.isWell;
const responds = ({ respondsSince }: Replica): boolean => respondsSince !== undefined;

/** Those that are well; where there is none those that respond, all of them where not even that. */
function bestOf(replicas: readonly Replica[]): readonly Replica[] {
  for (const good of [isWell, responds]) if (replicas.some(good)) return replicas.filter(good);
  return replicas;
}

/** Says which replicas give what of a shard. */
export class ShardSources {
  readonly #router: Pick<Router, "candidates" | "shardIds">;
  readonly #coverage: Coverage;

  constructor(router: Pick<Router, "candidates" | "shardIds">, coverage: Coverage) {
    this.#router = router;
    this.#coverage = coverage;
  }

  /**
   * The replicas that can be asked for a range, and what they lack in it: those that lack nothing first, among them the router's order.
   * One that is put aside and responds again is asked where no other one has all of it.
   * @param avoid replicas that have failed, the one that failed last at the end: they are asked only where no other one has all of it
   */
  covering(shard: string, range: TimeRange, avoid = nobody): Covering<Replica>[] {
    const all = this.#router.candidates(shard);
    const wanted = all.filter((replica) => !avoid.has(replica));
    const avoided = [...avoid].filter((replica) => all.includes(replica));
    if (wanted.length === 0) return covering(this.#coverage, bestOf(avoided), range);
    const usable = bestOf(wanted);
    const found = covering(this.#coverage, usable, range);
    const spare = [...wanted.filter((replica) => !usable.includes(replica)), ...avoided].filter(responds);
    if (spare.length === 0 || found.some(({ holes }) => holes.length === 0)) return found;
    return covering(this.#coverage, [...usable, ...spare], range);
  }

  /** The replicas that lack nothing in a range, best first; all that can be asked where each of them lacks something. */
  whole(shard: string, range: TimeRange): { replicas: readonly Replica[]; isWhole: boolean } {
    const found = this.covering(shard, range);
    const whole = found.filter(({ holes }) => holes.length === 0);
    const replicas = (whole.length > 0 ? whole : found).map(({ replica }) => replica);
    return { replicas, isWhole: whole.length > 0 };
  }

  /**
   * Who gives which part of a range.
   * @param first the replica that gives all that it has
   */
  plan(shard: string, range: TimeRange, first: Replica | undefined, avoid = nobody): CutPlan<Replica> {
    const found = this.covering(shard, range, avoid);
    const order = found.toSorted(
      (left, right) => Number(right.replica === first) - Number(left.replica === first),
    );
    return cutPlan(order, range.from, range.to);
  }

  /** Reads that one read of a range becomes at most, over all shards. */
  readsFor(range: TimeRange): number {
    const reads = this.#router.shardIds().map((shard) => this.plan(shard, range, undefined).pieces.length);
    return Math.max(1, ...reads);
  }
}

/** All times there are, ms. */
export const always: TimeRange = { from: -8.64e15, to: 8.64e15 };
