import type { Coverage } from "../coverage/coverage-index.ts";
import { lackedSeconds } from "../coverage/lacked-seconds.ts";
import type { EvaluationState } from "../evaluate/evaluation-service.ts";
import type { FetchCounts } from "../fetch/fetch-counts.ts";
import type { LiveRouter } from "../router/live-router.ts";
import type { Labels, MetricFamily, Sample } from "../../telemetry/exposition/metric-family.ts";

export interface FleetState {
  router: LiveRouter;
  evaluation: EvaluationState;
  fetches: FetchCounts;
  requests: { working: number; waiting: number };
  answers: { answers: number; bytes: number; givenUp: number };
  connections: { open: number; refused: number };
  inFlight: number;
  /** Of the access log. */
  lines: { written: number; dropped: number };
  /** Of traces; undefined where nobody takes them. */
  spans: { sent: number; dropped: number; waiting: number } | undefined;
  coverage: Coverage;
  /** Whether the topology file, as it is now, is the one that is followed. */
  topologyGood: boolean;
}

/** What the gateway sees of its fleet at this moment. */
export function fleetMetrics({
  router,
  evaluation,
  fetches,
  requests,
  answers,
  connections,
  inFlight,
  lines,
  spans,
  coverage,
  topologyGood,
}: FleetState): MetricFamily[] {
  const replicas = router.shardIds().flatMap((shard) => router.candidates(shard));
  const { reads, counts } = evaluation;
  return [
    gauge(
      "replica_up",
      "Whether requests are sent to the server: 1, or 0 while it is put aside.",
      replicas.map((one) => ({ labels: labelsOf(one), value: Number(one.condition.state === "well") })),
    ),
    gauge(
      "replica_config_stale",
      "Whether the server could not take its last configuration: others are asked first.",
      replicas.map((one) => ({ labels: labelsOf(one), value: Number(one.staleConfig) })),
    ),
    gauge(
      "replica_requests_in_flight",
      "Requests at the server, from going out to the last byte of the answer.",
      replicas.map((one) => ({ labels: labelsOf(one), value: one.inFlight })),
    ),
    counter(
      "replica_requests",
      "Requests to the server, by what became of them.",
      replicas.flatMap((one) =>
        Object.entries(one.counts).map(([outcome, value]) => ({
          labels: { ...labelsOf(one), outcome },
          value,
        })),
      ),
    ),
    gauge(
      "replica_lacking_seconds",
      "Time of which the server lacks samples that another one of its shard has, in seconds.",
      replicas.map((one) => ({ labels: labelsOf(one), value: lackedSeconds(coverage.holes(one)) })),
    ),
    counter("second_requests", "Requests sent to a second replica because the first was late, by why.", [
      { labels: { why: "slow" }, value: fetches.hedges },
      { labels: { why: "lifeless" }, value: fetches.failovers },
    ]),
    counter("second_requests_won", "Second requests whose answer came first.", [one(fetches.won)]),
    counter("second_requests_withheld", "Second requests not sent because the budget for them was spent.", [
      one(fetches.withheld),
    ]),
    counter(
      "replica_stalls",
      "Answers given up in the middle because hardly anything came though it was waited for.",
      replicas.map((replica) => ({
        labels: labelsOf(replica),
        value: fetches.stalls.get(replica.server) ?? 0,
      })),
    ),
    gauge("evaluator_up", "Whether the evaluator is ready.", [one(Number(evaluation.evaluator === "ready"))]),
    gauge("evaluator_queries", "Queries that the evaluator works on.", [one(evaluation.queries)]),
    gauge("reads_room", "Reads that may be open at each server.", [one(reads.room)]),
    gauge("reads_used", "Reads that queries have taken of that room.", [one(reads.used)]),
    gauge("reads_waiting", "Queries that wait for such room.", [one(reads.waiting)]),
    counter(
      "reads",
      "Reads of the evaluator, by what became of them.",
      (["done", "failed", "abandoned", "refused"] as const).map((outcome) => ({
        labels: { outcome },
        value: counts[outcome],
      })),
    ),
    counter("duplicate_series", "Series that two shards had, of which one was taken.", [
      one(counts.duplicates),
    ]),
    gauge("http_requests_in_flight", "Requests that have come and whose answers are not out.", [
      one(inFlight),
    ]),
    gauge("requests_working", "Requests that are worked on.", [one(requests.working)]),
    gauge("requests_waiting", "Requests that wait for their turn.", [one(requests.waiting)]),
    gauge("answers_on_their_way", "Answers that are being read by their clients.", [one(answers.answers)]),
    gauge("answers_on_their_way_bytes", "Bytes of them that wait in the gateway to be read.", [
      one(answers.bytes),
    ]),
    counter("answers_given_up", "Answers cut off because too much waited for clients that read nothing.", [
      one(answers.givenUp),
    ]),
    gauge("connections", "Connections of clients.", [one(connections.open)]),
    counter("connections_refused", "Connections ended because there were too many, the idle ones first.", [
      one(connections.refused),
    ]),
    counter("access_log_lines", "Lines of the access log, by what became of them.", [
      { labels: { outcome: "written" }, value: lines.written },
      { labels: { outcome: "dropped" }, value: lines.dropped },
    ]),
    ...(spans
      ? [
          counter("spans", "Spans of traces, by what became of them.", [
            { labels: { outcome: "sent" }, value: spans.sent },
            { labels: { outcome: "dropped" }, value: spans.dropped },
          ]),
          gauge("spans_waiting", "Spans of traces that wait to be sent.", [one(spans.waiting)]),
        ]
      : []),
    gauge("topology_good", "Whether the topology file is right, and followed.", [one(Number(topologyGood))]),
    {
      kind: "info",
      name: "promfleet_gateway_topology_info",
      help: "The topology that is followed.",
      samples: [{ labels: { fleet: router.topology.fleet, version: router.topology.version }, value: 1 }],
    },
  ];
}

const labelsOf = ({ shard, server }: { shard: string; server: string }): Labels => ({ shard, server });
const one = (value: number): Sample => ({ labels: {}, value });

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { kind: "gauge", name: `promfleet_gateway_${name}`, help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { kind: "counter", name: `promfleet_gateway_${name}_total`, help, samples };
}
