import type { Topology } from "../../topology/topology.ts";
import { connectTimeout, httpAgent } from "../fetch/http-client.ts";
import { KnownReplica, byPreference } from "./known-replica.ts";
import { ReplicaWatch, type WatchTimes, watchTimes } from "./replica-watch.ts";
import type { Replica, ReplicaPool, ReplicaUse, Router } from "./router.ts";

interface Member {
  replica: KnownReplica;
  watch: ReplicaWatch;
  /** Its uses that wait for an answer or read one. */
  uses: Set<AbortController>;
}

export interface RouterOptions {
  topology: Topology;
  /** Told when a replica is put aside and when it is well again, one sentence. */
  say: (sentence: string) => void;
  times?: WatchTimes;
}

/** The servers of a topology that may change, each probed all the time. */
export class LiveRouter implements Router, ReplicaPool {
  readonly #options: RouterOptions;
  /** Each probe has a connection of its own: one that was kept may have been closed, which says nothing of the server. */
  readonly #probes = httpAgent({ connections: null, pipelining: 0, connect: { timeout: connectTimeout } });
  #topology: Topology;
  #shards: ReadonlyMap<string, readonly Member[]> = new Map();
  readonly #members = new Map<Replica, Member>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.follow(options.topology);
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** Goes over to another topology; servers that stand in both keep what is known of them. */
  follow(topology: Topology): void {
    const before = [...this.#members.values()];
    const kept = new Set<Member>();
    const shards = new Map<string, Member[]>();
    for (const { id, replicas } of topology.shards) {
      const members = replicas.map((wanted) => {
        const same = before.find(
          ({ replica }) =>
            replica.shard === id &&
            replica.name === wanted.name &&
            replica.server === wanted.server &&
            replica.url === wanted.url &&
            // labels that are told no more have to be found out
            !(replica.labelsGiven && !wanted.externalLabels),
        );
        const member = same ?? this.#member(new KnownReplica(id, wanted));
        member.replica.labelsGiven = wanted.externalLabels !== undefined;
        if (wanted.externalLabels) member.replica.labels = wanted.externalLabels;
        kept.add(member);
        return member;
      });
      shards.set(id, members);
    }
    this.#topology = topology;
    this.#shards = shards;
    for (const member of before) if (!kept.has(member)) this.#forget(member);
  }

  shardIds(): readonly string[] {
    return [...this.#shards.keys()];
  }

  candidates(shard: string): readonly KnownReplica[] {
    return (this.#shards.get(shard) ?? []).map(({ replica }) => replica).toSorted(byPreference);
  }

  use(replica: Replica): ReplicaUse {
    const silence = new AbortController();
    const member = this.#members.get(replica);
    const known = member?.replica;
    const began = performance.now();
    if (known) known.inFlight++;
    member?.uses.add(silence);
    let ended = false;
    const end = (then: (replica: KnownReplica) => void) => {
      if (ended) return;
      ended = true;
      member?.uses.delete(silence);
      if (!known) return;
      known.inFlight--;
      then(known);
    };
    return {
      silent: silence.signal,
      answered: () => known?.answered(performance.now() - began),
      succeeded: () =>
        end((one) => {
          one.counts.succeeded++;
          one.succeeded();
        }),
      abandoned: () => end((one) => one.counts.abandoned++),
      failed: (reason) =>
        end((one) => {
          one.counts.failed++;
          if (one.failed(reason, performance.now()))
            this.#options.say(`${one.server} is put aside: ${reason}`);
          member?.watch.lookNow();
        }),
    };
  }

  knows(replica: Replica): boolean {
    return this.#members.get(replica)?.replica.labels !== undefined;
  }

  async objection(replica: Replica): Promise<string | undefined> {
    const member = this.#members.get(replica);
    if (!member) return "it has left the topology";
    if (member.replica.condition.state === "well") return undefined;
    return await member.watch.objection();
  }

  /** Waits until every server was probed once. */
  async firstLook(): Promise<void> {
    await Promise.all(
      [...this.#members.values()].map(async ({ replica, watch }) => {
        if (replica.condition.state === "unknown") await watch.objection();
      }),
    );
  }

  async close(): Promise<void> {
    for (const { watch } of this.#members.values()) watch.stop();
    await this.#probes.destroy();
  }

  #member(replica: KnownReplica): Member {
    const { say, times = watchTimes } = this.#options;
    const silent = () => this.#giveUp(member);
    const watch = new ReplicaWatch(replica, this.#probes, times, { say, silent });
    const member: Member = { replica, uses: new Set(), watch };
    this.#members.set(replica, member);
    return member;
  }

  #forget(member: Member): void {
    member.watch.stop();
    this.#members.delete(member.replica);
  }

  /** Ends what waits for a silent replica, where another one can answer instead. */
  #giveUp({ replica, uses }: Member): void {
    const another = this.candidates(replica.shard).some(
      (one) => one !== replica && one.condition.state === "well",
    );
    if (!another) return;
    for (const use of uses) use.abort(new Error(`${replica.server} has fallen silent`));
  }
}
