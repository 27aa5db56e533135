import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import type { TopologyReplica } from "../../topology/topology.ts";
import type { Replica } from "./router.ts";

/** Whether requests are sent to a replica. */
export type Condition =
  /** Nothing was heard of it yet. */
  | { state: "unknown" }
  | { state: "well" }
  /** `since` and `until` in ms of the clock; before `until` even a good probe does not bring it back. */
  | { state: "ill"; reason: string; since: number; until: number };

/** ms that a replica is put aside for at least, doubled with each time that it fails again without a success between. */
const aside = { first: 250, longest: 30_000 };
/** Of the newest request in the mean of latencies. */
const weight = 0.2;

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
  wellSince: number | undefined;
  /** Requests from going out to the last byte. */
  inFlight = 0;
  /** Mean time to the headers of an answer, ms. */
  latencyMs: number | undefined;
  /** For /metrics. */
  readonly counts = { succeeded: 0, failed: 0, abandoned: 0 };
  #failures = 0;

  constructor(shard: string, { name, server, url, externalLabels }: TopologyReplica) {
    this.shard = shard;
    this.name = name;
    this.server = server;
    this.url = url;
    this.labels = externalLabels;
    this.labelsGiven = externalLabels !== undefined;
  }

  get externalLabels(): Readonly<Record<string, string>> {
    return this.labels ?? {};
  }

  answered(tookMs: number): void {
    const before = this.latencyMs ?? tookMs;
    this.latencyMs = before + (tookMs - before) * weight;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Puts it aside. @returns whether it was not already */
  failed(reason: string, now: number): boolean {
    if (this.condition.state === "ill") return false;
    this.wellSince = undefined;
    const forMs = Math.min(aside.longest, aside.first * 2 ** this.#failures++);
    this.condition = { state: "ill", reason, since: now, until: now + forMs };
    return true;
  }

  /** A probe found it well. @returns whether that is news */
  recovered(now: number): boolean {
    const { condition } = this;
    if (condition.state === "well" || (condition.state === "ill" && now < condition.until)) return false;
    this.condition = { state: "well" };
    this.wellSince = Date.now();
    return condition.state === "ill";
  }
}

const ranks = { well: 0, unknown: 1, ill: 2 } as const;

/** Best first: well before unknown before ill, least loaded, then fastest. */
export function byPreference(left: KnownReplica, right: KnownReplica): number {
  const rank = ranks[left.condition.state] - ranks[right.condition.state];
  if (rank !== 0) return rank;
  if (left.inFlight !== right.inFlight) return left.inFlight - right.inFlight;
  // Two replicas scrape at moments of their own: changing between them for a millisecond would make graphs flicker.
  const [l = 0, r = 0] = [left.latencyMs, right.latencyMs];
  return l > r * 3 + 5 ? 1 : r > l * 3 + 5 ? -1 : 0;
}
