import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import type { Topology } from "../../topology/topology.ts";

/** One server as the gateway sees it. The object lives as long as the server stands in the topology under the same URL. */
export interface Replica {
  readonly shard: string;
  readonly name: string;
  readonly server: string;
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** What the server adds to remote reads, from topology or from the server's own configuration. */
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Undefined until the server has told its version. */
  readonly features: PrometheusFeatures | undefined;
  /** Whether it is known to be well, and not put aside. */
  readonly isWell: boolean;
  /**
   * ms since 1970 since when all probes of it have been good and no request has failed; undefined where that is not so. One that has failed
   * again and again responds for some time before it is taken for well.
   */
  readonly respondsSince: number | undefined;
}

/** Who is there, and whom to ask first. */
export interface Router {
  readonly topology: Topology;
  shardIds(): readonly string[];
  /**
   * All replicas of the shard, best first: well before those that could not take their configuration before doubted before unknown before
   * ill, then least loaded, then fastest. Ill ones come last, as the last try.
   */
  candidates(shard: string): readonly Replica[];
}

/** A use of a replica, from the request going out to the last byte coming in; exactly one of the last five ends it. */
export interface ReplicaUse {
  /** Aborted while it waits for headers and the replica gives no sign of life: another one had better be asked too. */
  readonly doubtful: AbortSignal;
  /** Aborted while it waits for headers and the replica has given no sign of life for so long that it counts as gone. */
  readonly silent: AbortSignal;
  /** The headers have come. */
  answered(): void;
  /** A part of the answer has come: the replica is there. */
  heard(): void;
  /** Whether the replica has much to do, so that what is late is likely to come. */
  isBusy(): boolean;
  /** Nothing comes though it is waited for: the replicas of its shard are probed soon. */
  doubt(): void;
  succeeded(): void;
  /** The replica is put aside until a probe finds it well again. Not for requests that the client gave up. */
  failed(reason: string): void;
  /** As failed, where an answer had begun: it comes back later, as a probe proves less. */
  broke(reason: string): void;
  /** Neither good nor bad: the client went away. */
  abandoned(): void;
  /** As abandoned, where another replica has answered first: it counts as slow. */
  outrun(): void;
}

/** The router as the fetcher needs it. */
export interface ReplicaPool {
  candidates(shard: string): readonly Replica[];
  /** @param kind of the request: what is usual is known of each kind */
  use(replica: Replica, kind: string): ReplicaUse;
  /** Whether its external labels are known. Who makes a request before has made it without regard to them. */
  knows(replica: Replica): boolean;
  /** Whether it is well, and nothing speaks against it. */
  isWell(replica: Replica): boolean;
  /** ms after which its headers are later than is usual for the kind. */
  lateAfterMs(replica: Replica, kind: string): number;
  /**
   * Why a replica should not be asked at this moment; undefined if it is well, or if a probe that began after this question found it so.
   * At once where it has been silent, which it is asked about all the time; otherwise it takes as long as a probe at most.
   */
  objection(replica: Replica): Promise<string | undefined>;
}
