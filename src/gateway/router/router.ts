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
  /** ms since 1970 since when it has been well without a break; undefined where it is not, or not known to be. */
  readonly wellSince: number | undefined;
}

/** Who is there, and whom to ask first. */
export interface Router {
  readonly topology: Topology;
  shardIds(): readonly string[];
  /** All replicas of the shard, best first: well before unknown before ill, least loaded, then fastest. Ill ones come last, as the last try. */
  candidates(shard: string): readonly Replica[];
}

/** A use of a replica, from the request going out to the last byte coming in; exactly one of the last three ends it. */
export interface ReplicaUse {
  /** Aborted when the replica is found silent while another one of its shard is well. */
  readonly silent: AbortSignal;
  /** The headers have come. */
  answered(): void;
  succeeded(): void;
  /** The replica is put aside until a probe finds it well again. Not for requests that the client gave up. */
  failed(reason: string): void;
  /** Neither good nor bad: the client went away. */
  abandoned(): void;
}

/** The router as the fetcher needs it. */
export interface ReplicaPool {
  candidates(shard: string): readonly Replica[];
  use(replica: Replica): ReplicaUse;
  /** Whether its external labels are known. Who makes a request before has made it without regard to them. */
  knows(replica: Replica): boolean;
  /**
   * Why a replica should not be asked at this moment; undefined if it is well, or if a probe that began after this question found it so.
   * Takes as long as a short probe at most.
   */
  objection(replica: Replica): Promise<string | undefined>;
}
