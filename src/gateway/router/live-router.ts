import type { Topology, TopologyReplica } from "../../topology/topology.ts";
import type { Dispatcher } from "undici";
import { type Authorization, connectTimeout, httpAgent } from "../fetch/http-client.ts";
import { serverPassword } from "../fetch/server-password.ts";
import { KnownReplica, byPreference } from "./known-replica.ts";
import { ReplicaWatch, type WatchTimes, watchTimes } from "./replica-watch.ts";
import type { Replica, ReplicaPool, ReplicaUse, Router } from "./router.ts";

interface Member {
  replica: KnownReplica;
  watch: ReplicaWatch;
  /** Its uses that wait for headers. */
  waiting: Set<Waiting>;
}

interface Waiting {
  doubtful: AbortController;
  silent: AbortController;
}

/** ms without headers after which the replicas of the shard are probed. */
const slow = 100;

export interface RouterOptions {
  topology: Topology;
  /** Told when a replica is put aside and when it is well again, one sentence. */
  say: (sentence: string) => void;
  times?: WatchTimes;
  /** What names of files in the topology are relative to; left out: it names none. */
  folder?: string;
}

/** The servers of a topology that may change, each probed all the time. */
export class LiveRouter implements Router, ReplicaPool {
  readonly #options: RouterOptions;
  /** Each probe has a connection of its own: one that was kept may have been closed, which says nothing of the server. */
  readonly #probes: Dispatcher;
  /** What requests to the servers are authorized by. */
  readonly authorization: Authorization;
  #topology: Topology;
  #shards: ReadonlyMap<string, readonly Member[]> = new Map();
  readonly #members = new Map<Replica, Member>();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.authorization = serverPassword(() => this.#topology.serverAuth, options.folder ?? "");
    this.#probes = httpAgent(
      { connections: null, pipelining: 0, connect: { timeout: connectTimeout } },
      this.authorization,
    );
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
        const member = same ?? this.#member(this.#renamed(id, wanted) ?? new KnownReplica(id, wanted));
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
    const now = performance.now();
    const replicas = (this.#shards.get(shard) ?? []).map(({ replica }) => replica);
    return replicas.toSorted((left, right) => byPreference(left, right, now));
  }

  use(replica: Replica, kind: string): ReplicaUse {
    const waiting: Waiting = { doubtful: new AbortController(), silent: new AbortController() };
    const member = this.#members.get(replica);
    const known = member?.replica;
    const began = performance.now();
    const doubt = () => this.#lookSoon(replica.shard);
    const slowly = setTimeout(doubt, slow);
    if (known) known.inFlight++;
    member?.waiting.add(waiting);
    const waited = () => {
      clearTimeout(slowly);
      member?.waiting.delete(waiting);
    };
    let ended = false;
    const end = (then: (replica: KnownReplica) => void) => {
      if (ended) return;
      ended = true;
      waited();
      if (!known) return;
      known.inFlight--;
      then(known);
    };
    const fail = (reason: string, midAnswer: boolean) =>
      end((one) => {
        one.counts.failed++;
        if (one.failed(reason, performance.now(), midAnswer))
          this.#options.say(`${one.server} is put aside: ${reason}`);
        member?.watch.lookNow();
      });
    return {
      doubtful: waiting.doubtful.signal,
      silent: waiting.silent.signal,
      answered: () => {
        waited();
        const now = performance.now();
        known?.answered(kind, now - began, now);
      },
      heard: () => known?.heard(performance.now()),
      isBusy: () => known?.isBusy ?? false,
      doubt,
      succeeded: () =>
        end((one) => {
          one.counts.succeeded++;
          one.succeeded(performance.now());
        }),
      abandoned: () => end((one) => one.counts.abandoned++),
      outrun: () =>
        end((one) => {
          one.counts.abandoned++;
          one.outrun(kind, performance.now() - began);
        }),
      failed: (reason) => fail(reason, false),
      broke: (reason) => fail(reason, true),
    };
  }

  knows(replica: Replica): boolean {
    return this.#members.get(replica)?.replica.labels !== undefined;
  }

  isWell(replica: Replica): boolean {
    const known = this.#members.get(replica)?.replica;
    return known?.condition.state === "well" && !known.doubted && known.labels !== undefined;
  }

  lateAfterMs(replica: Replica, kind: string): number {
    return this.#members.get(replica)?.replica.lateAfterMs(kind) ?? 0;
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

  /** Of a server that stands there under another name its labels are known, if they are its own word. */
  #renamed(shard: string, wanted: TopologyReplica): KnownReplica | undefined {
    const before = [...this.#members.keys()].find((one) => one.url === wanted.url);
    const known = before && this.#members.get(before)?.replica;
    if (!known?.labels || known.labelsGiven || wanted.externalLabels) return undefined;
    const renamed = new KnownReplica(shard, wanted);
    renamed.labels = known.labels;
    return renamed;
  }

  #member(replica: KnownReplica): Member {
    const { say, times = watchTimes } = this.#options;
    const watch = new ReplicaWatch(replica, this.#probes, times, {
      say,
      doubtful() {
        const why = new Error(`${replica.server} gives no sign of life`);
        for (const { doubtful } of member.waiting) doubtful.abort(why);
      },
      silent() {
        const why = new Error(`${replica.server} has fallen silent`);
        for (const { silent } of member.waiting) silent.abort(why);
      },
    });
    const member: Member = { replica, waiting: new Set(), watch };
    this.#members.set(replica, member);
    return member;
  }

  #forget(member: Member): void {
    member.watch.stop();
    this.#members.delete(member.replica);
  }

  /** All of a shard: when the first turns out to be silent, it has to be known of the others too. */
  #lookSoon(shard: string): void {
    for (const { watch } of this.#shards.get(shard) ?? []) watch.lookSoon();
  }
}
