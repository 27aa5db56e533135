import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import type { TopologyReplica } from "../../topology/topology.ts";
import { LatencyQuantile } from "./latency-quantile.ts";
import type { Replica } from "./router.ts";
import { SlowStart } from "./slow-start.ts";

/** Whether requests are sent to a replica. */
export type Condition =
  /** Nothing was heard of it yet. */
  | { state: "unknown" }
  | { state: "well" }
  /** `since` and `until` in ms of the clock; before `until` even a good probe does not bring it back. */
  | { state: "ill"; reason: string; since: number; until: number };

/**
 * ms that a replica is put aside for at least, doubled with each time that it fails again before it was well for some time. Where an
 * answer was broken in the middle or stalled, a good probe proves little: short answers may pass where long ones do not.
 */
const aside = { first: 250, midAnswer: 1000, longest: 10_000, forgottenAfter: 5000 };
/** Of the newest request in the mean of latencies. */
const weight = 0.2;
/** An answer is late when it takes longer than this part of the answers before. */
const lateQuantile = 0.95;
/** ms: where less is usual, it is not worth a second request; and where nothing is known. */
const late = { least: 50, unknown: 150 };

/** Requests in flight at a server that has much to do, whatever they are. */
const many = 16;

/** What the gateway knows of a server. */
export class KnownReplica implements Replica {
  readonly shard: string;
  readonly name: string;
  readonly server: string;
  readonly url: string;
  /** Undefined until they are known. */
  labels: Readonly<Record<string, string>> | undefined;
  /** Whether the labels are those of the topology, and not the server's own word. */
  labelsGiven: boolean;
  features: PrometheusFeatures | undefined;
  condition: Condition = { state: "unknown" };
  respondsSince: number | undefined;
  /** Whether a probe under way has not been answered for so long that others are asked first. */
  doubted = false;
  /** Whether it could not take its last configuration: what it scrapes may be of yesterday, and others are asked first. */
  staleConfig = false;
  /** Requests from going out to the last byte. */
  inFlight = 0;
  /** Mean time to the headers of an answer, ms. */
  latencyMs: number | undefined;
  /** For /metrics. */
  readonly counts = { succeeded: 0, failed: 0, abandoned: 0 };
  readonly #slowStart = new SlowStart();
  readonly #latencies = new Map<string, LatencyQuantile>();
  #failures = 0;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(shard: string, { name, server, url, externalLabels }: TopologyReplica) {
    this.shard = shard;
    this.name = name;
    this.server = server;
    this.url = url;
    this.labels = externalLabels;
    this.labelsGiven = externalLabels !== undefined;
  }

  get isWell(): boolean {
    return this.condition.state === "well";
  }

  get isBusy(): boolean {
    return this.inFlight >= many;
  }

  get externalLabels(): Readonly<Record<string, string>> {
    return this.labels ?? {};
  }

  /** @param kind of the request @param now ms of the clock */
  answered(kind: string, tookMs: number, now: number): void {
    const before = this.latencyMs ?? tookMs;
    this.latencyMs = before + (tookMs - before) * weight;
    this.#latenciesOf(kind).add(tookMs);
    this.heard(now);
  }

  /** Another replica has answered first, after this one was waited for so long. */
  outrun(kind: string, waitedMs: number): void {
    this.#latenciesOf(kind).add(waitedMs);
  }

  /** ms after which an answer to such a request is late, as measured by the answers before. */
  lateAfterMs(kind: string): number {
    return Math.max(late.least, this.#latencies.get(kind)?.ms ?? late.unknown);
  }

  /** It has shown that it is there. */
  heard(now: number): void {
    this.#heardAt = now;
    this.doubted = false;
  }

  heardSince(when: number): boolean {
    return this.#heardAt > when;
  }

  /** Requests at it as they weigh in a comparison, the one to come included. */
  load(now: number): number {
    return (this.inFlight + 1) / this.#slowStart.share(now);
  }

  succeeded(now: number): void {
    if (now - this.#recoveredAt > aside.forgottenAfter) this.#failures = 0;
  }

  /** Puts it aside. @param midAnswer whether an answer had begun @returns whether it was not already */
  failed(reason: string, now: number, midAnswer = false): boolean {
    this.respondsSince = undefined;
    if (this.condition.state === "ill") return false;
    const first = midAnswer ? aside.midAnswer : aside.first;
    const forMs = Math.min(aside.longest, first * 2 ** this.#failures++);
    this.condition = { state: "ill", reason, since: now, until: now + forMs };
    return true;
  }

  /** A probe found it well. @returns whether that is news */
  recovered(now: number): boolean {
    const { condition } = this;
    this.respondsSince ??= Date.now();
    if (condition.state === "well" || (condition.state === "ill" && now < condition.until)) return false;
    this.condition = { state: "well" };
    this.#recoveredAt = now;
    if (condition.state === "ill") this.#slowStart.cameBack(now - condition.since, now);
    return condition.state === "ill";
  }

  #latenciesOf(kind: string): LatencyQuantile {
    const known = this.#latencies.get(kind) ?? new LatencyQuantile(lateQuantile);
    this.#latencies.set(kind, known);
    return known;
  }
}

const ranks = { unknown: 4, ill: 5 } as const;
const rankOf = ({ condition, doubted, staleConfig }: KnownReplica): number =>
  condition.state === "well" ? Number(staleConfig) + 2 * Number(doubted) : ranks[condition.state];

/** Best first: well before those with a stale configuration before doubted before unknown before ill, least loaded, then fastest. */
export function byPreference(left: KnownReplica, right: KnownReplica, now: number): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  const load = left.load(now) - right.load(now);
  if (load !== 0) return load;
  // Two replicas scrape at moments of their own: changing between them for a millisecond would make graphs flicker.
  const [l = 0, r = 0] = [left.latencyMs, right.latencyMs];
  return l > r * 3 + 5 ? 1 : r > l * 3 + 5 ? -1 : 0;
}
