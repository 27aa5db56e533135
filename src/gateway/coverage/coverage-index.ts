import { once } from "node:events";
import { parseDuration } from "../../promql/duration.ts";
import type { Dispatcher } from "undici";
import type { Replica, Router } from "../router/router.ts";
import type { Covering, Hole } from "./hole.ts";
import { ReplicaReader } from "./replica-reader.ts";
import { ReplicaScrapes, type TimeRange } from "./replica-scrapes.ts";
import {
  haveMovedWithin,
  instanceTenures,
  isOnlyWithin,
  targetsOfSeveral,
  type Tenures,
} from "./moved-targets.ts";
import { ShardHoles } from "./shard-holes.ts";
import type { CoverageStore } from "./coverage-store.ts";

/** Which replica lacks what, as queries ask it. */
export interface Coverage {
  /** What a replica lacks that another one of its shard has, as far as it is known. */
  holes(replica: Replica): readonly Hole[];
}

/** For gateways without an index. */
export const noCoverage: Coverage = { holes: () => [] };

export interface CoverageIndexOptions {
  router: Router;
  dispatcher: Dispatcher;
  store: CoverageStore | undefined;
  /** One sentence, for what should not happen. */
  say: (sentence: string) => void;
}

/** ms */
const lookForReplicas = 250;
const saveEvery = 30_000;
const lookForMoves = 2000;
const usualLookback = 300_000;
/** In which targets that move are gone where they were, and known where they are. */
const settlesWithin = 300_000;

/** Knows of every replica in which times it was really scraping, from its samples of `up`. */
export class CoverageIndex implements Coverage {
  readonly #options: CoverageIndexOptions;
  readonly #readers = new Map<Replica, ReplicaReader>();
  readonly #shards = new Map<string, HolesOfShard>();
  readonly #following: NodeJS.Timeout;
  #saved = performance.now();
  #allowed: number | undefined;
  #knownOwners: Owners = { moved: [], byInstance: new Map(), isComplete: false };
  #ownersHold = Number.NEGATIVE_INFINITY;
  #layout = "";
  /** ms since 1970 when the shards were last others than before: what has moved then is seen only some scrapes later. */
  #laidOutAnew = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> | undefined;

  private constructor(options: CoverageIndexOptions) {
    this.#options = options;
    this.#following = setInterval(() => this.#follow(), lookForReplicas).unref();
  }

  /** Resolves when what was kept is there, and the last minutes were read of the replicas that are well. */
  static async start(options: CoverageIndexOptions, patienceMs: number): Promise<CoverageIndex> {
    const index = new CoverageIndex(options);
    await options.store
      ?.load()
      .catch((error: unknown) => options.say(`coverage is read anew: ${String(error)}`));
    index.#follow();
    const looks = Promise.all([...index.#readers.values()].map(async (reader) => await reader.firstLook));
    const late = AbortSignal.timeout(patienceMs);
    await Promise.race([looks, once(late, "abort")]);
    return index;
  }

  holes(replica: Replica): readonly Hole[] {
    const reader = this.#readers.get(replica);
    const shard = this.#shards.get(replica.shard);
    // it is new in the topology, and has not been looked at
    if (!reader || !shard) return [unknownSince(Number.NEGATIVE_INFINITY)];
    return withUnknown(replica, reader.scrapes, shard.likely.of(reader.scrapes));
  }

  /** Whether a target has been scraped by several shards in a time, or is likely to have been. */
  haveMoved(range: TimeRange): boolean {
    if (range.to >= this.#laidOutAnew - this.#lookback() && range.from <= this.#laidOutAnew + settlesWithin)
      return true;
    return haveMovedWithin(this.#owners().moved, range);
  }

  /**
   * Whether no other shard has had targets of an instance in a time. Of what is not known yet, and where shards have just become others,
   * that can not be said.
   */
  isOnlyOn(shard: string, instance: string, range: TimeRange): boolean {
    if (this.haveMoved(range)) return false;
    const { isComplete, byInstance } = this.#owners();
    const tenures = byInstance.get(instance);
    return isComplete && tenures !== undefined && isOnlyWithin(tenures, shard, range);
  }

  /** Looked for again every now and then, a hundredth of the time at most. */
  #owners(): Owners {
    const began = performance.now();
    if (began < this.#ownersHold) return this.#knownOwners;
    const replicas = [...this.#readers].map(([{ shard }, { scrapes }]) => ({
      shard,
      targets: scrapes.targets,
    }));
    const shared = new Set(this.#options.router.topology.onEveryShard);
    this.#knownOwners = {
      moved: targetsOfSeveral(replicas, shared),
      byInstance: instanceTenures(replicas, shared),
      isComplete: [...this.#readers.values()].every(({ scrapes }) => scrapes.isComplete),
    };
    const now = performance.now();
    this.#ownersHold = now + Math.max(lookForMoves, 100 * (now - began));
    return this.#knownOwners;
  }

  /** What is known of each replica, by shard. */
  state(): { shard: string; replicas: ReplicaCoverageState[] }[] {
    const { router } = this.#options;
    return router.shardIds().map((shard) => ({
      shard,
      replicas: router
        .candidates(shard)
        .toSorted((left, right) => (left.name < right.name ? -1 : 1))
        .flatMap((replica) => {
          const reader = this.#readers.get(replica);
          if (!reader) return [];
          const { known, oldest, isComplete, targets } = reader.scrapes;
          return [
            {
              replica,
              known,
              oldest,
              isComplete: isComplete && reader.scrapes.unmarked(1, this.#lookback()).length === 0,
              targets: targets.size,
              holes: withUnknown(
                replica,
                reader.scrapes,
                this.#shards.get(shard)?.known.of(reader.scrapes) ?? [],
              ),
              objection: reader.objection,
            },
          ];
        }),
    }));
  }

  /** ms */
  #lookback(): number {
    return parseDuration(this.#options.router.topology.evaluator.lookback) ?? usualLookback;
  }

  async close(): Promise<void> {
    clearInterval(this.#following);
    await Promise.all([...this.#readers.values()].map(async (reader) => await reader.close()));
    await this.#save();
  }

  /** Goes with the topology. */
  #follow(): void {
    const { router, dispatcher, store, say } = this.#options;
    const allowed = router.topology.coverage.missedScrapes;
    const layout = JSON.stringify(router.topology.shards.map(({ id, slots }) => [id, slots]));
    if (this.#layout !== "" && layout !== this.#layout) this.#laidOutAnew = Date.now();
    this.#layout = layout;
    if (allowed !== this.#allowed) this.#forgetAll();
    this.#allowed = allowed;
    const present = new Set<Replica>();
    for (const shard of router.shardIds()) {
      const replicas = router.candidates(shard).toSorted((left, right) => (left.name < right.name ? -1 : 1));
      for (const replica of replicas) {
        present.add(replica);
        if (this.#readers.has(replica)) continue;
        const scrapes = new ReplicaScrapes();
        store?.restore(replica, scrapes, allowed);
        const partners = () =>
          this.#shards.get(shard)?.known.replicas.filter((other) => other !== scrapes) ?? [];
        const holes = () => this.#shards.get(shard)?.known.of(scrapes) ?? [];
        const lookback = () => this.#lookback();
        const reader = new ReplicaReader({
          replica,
          scrapes,
          dispatcher,
          allowed,
          lookback,
          partners,
          holes,
          say,
        });
        this.#readers.set(replica, reader);
      }
      const owners = new Map(
        replicas.flatMap((replica) => {
          const reader = this.#readers.get(replica);
          return reader ? [[reader.scrapes, replica] as const] : [];
        }),
      );
      const scrapes = [...owners.keys()];
      const before = this.#shards.get(shard)?.known;
      const isSame =
        before !== undefined &&
        before.allowed === allowed &&
        before.replicas.length === scrapes.length &&
        before.replicas.every((one, index) => one === scrapes[index]);
      if (isSame) continue;
      const goesOn = (one: ReplicaScrapes) => {
        const owner = owners.get(one);
        return owner !== undefined && respondsAndIsRead(owner, one);
      };
      this.#shards.set(shard, {
        known: new ShardHoles(scrapes, allowed),
        likely: new ShardHoles(scrapes, allowed, goesOn),
      });
    }
    for (const [replica, reader] of this.#readers) {
      if (present.has(replica)) continue;
      this.#readers.delete(replica);
      void reader.close();
    }
    for (const shard of this.#shards.keys())
      if (!router.shardIds().includes(shard)) this.#shards.delete(shard);
    if (performance.now() - this.#saved > saveEvery) void this.#save();
  }

  /** With another notion of a gap all has to be read again. */
  #forgetAll(): void {
    for (const reader of this.#readers.values()) void reader.close();
    this.#readers.clear();
    this.#shards.clear();
  }

  async #save(): Promise<void> {
    const { store, router, say } = this.#options;
    this.#saved = performance.now();
    if (!store) return;
    await this.#saving;
    const readers = [...this.#readers].map(([replica, { scrapes }]) => ({ replica, scrapes }));
    this.#saving = store
      .save(readers, router.topology.coverage.missedScrapes)
      .catch((error: unknown) =>
        say(`coverage could not be kept: ${error instanceof Error ? error.message : String(error)}`),
      );
    await this.#saving;
  }
}

/** Which shards have which targets, as far as several or one instance are concerned. */
interface Owners {
  moved: readonly Tenures[];
  byInstance: ReadonlyMap<string, Tenures>;
  /** All is known of every replica, back to its oldest sample. */
  isComplete: boolean;
}

interface HolesOfShard {
  /** What is lacking for certain. */
  known: ShardHoles;
  /** As far as one that responds will have what was not read of it yet: by this queries are sent. */
  likely: ShardHoles;
}

/** What it has was read since it has joined or come back. */
function respondsAndIsRead({ respondsSince }: Replica, { known }: ReplicaScrapes): boolean {
  return respondsSince !== undefined && (known?.to ?? Number.NEGATIVE_INFINITY) >= respondsSince;
}

/** Together with what is unknown of a replica that has joined or come back: what it has from there on was not read yet. */
function withUnknown(replica: Replica, scrapes: ReplicaScrapes, holes: readonly Hole[]): readonly Hole[] {
  if (replica.respondsSince === undefined || respondsAndIsRead(replica, scrapes)) return holes;
  return [...holes, unknownSince(scrapes.known?.to ?? Number.NEGATIVE_INFINITY)];
}

export interface ReplicaCoverageState {
  replica: Replica;
  /** Times of which all is known. */
  known: TimeRange | undefined;
  /** ms of its oldest sample. */
  oldest: number | undefined;
  isComplete: boolean;
  targets: number;
  holes: readonly Hole[];
  /** Why the last read of it has failed. */
  objection: string | undefined;
}

/** Stands for all of a replica's targets from where nothing is known of them. */
function unknownSince(time: number): Hole {
  return {
    target: "all",
    after: time,
    before: Number.POSITIVE_INFINITY,
    from: time + 1,
    to: Number.POSITIVE_INFINITY,
    count: Number.POSITIVE_INFINITY,
    interval: 0,
  };
}

/** The replicas that can be asked and what they lack, in the order of preference for a range: those that lack nothing in it first. */
export function covering(
  coverage: Coverage,
  replicas: readonly Replica[],
  { from, to }: TimeRange,
): Covering<Replica>[] {
  const found = replicas.map((replica) => ({
    replica,
    holes: coverage.holes(replica).filter((hole) => hole.to >= from && hole.from <= to),
  }));
  // where nothing is known of any of them, nobody is better than another
  const isKnown = found.some(({ holes }) => !holes.some(({ target }) => target === "all"));
  return (isKnown ? found : found.map(withoutUnknown)).toSorted(
    (left, right) => Number(left.holes.length > 0) - Number(right.holes.length > 0),
  );
}

function withoutUnknown({ replica, holes }: Covering<Replica>): Covering<Replica> {
  return { replica, holes: holes.filter(({ target }) => target !== "all") };
}
