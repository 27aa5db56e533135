import type {
  CounterSample,
  HistogramSample,
  MetricFamily,
} from "../../telemetry/exposition/metric-family.ts";
import type { RequestRecord } from "../access/request-record.ts";
import { replanReasons } from "../distribute/not-distributed.ts";
import { plannedWays } from "../planner/plan-query.ts";
import { Counts, Distribution } from "./counts.ts";

/** s */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const waits = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** bytes */
const sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** What became of a query. */
const outcomes = ["answered", "refused", "failed", "broken", "gone"] as const;
/** Refusals and failures that are the gateway's own and worth an alert; others show once there is one. */
const watchedErrors = ["GATEWAY_BUSY", "QUERY_TIMEOUT", "SHARD_UNAVAILABLE", "INTERNAL"];

/** What the gateway has answered so far. */
export class RequestMetrics {
  readonly #requests = new Counts(["handler", "code"]);
  readonly #durations = new Distribution(durations, "handler");
  readonly #sizes = new Distribution(sizes, "handler");
  readonly #waits = new Distribution(waits);
  readonly #ways = new Counts(
    ["way"],
    plannedWays.map((way) => ({ way })),
  );
  readonly #answers = new Counts(
    ["way", "outcome"],
    plannedWays.flatMap((way) => outcomes.map((outcome) => ({ way, outcome }))),
  );
  readonly #wayDurations = new Distribution(durations, "way", plannedWays);
  readonly #replanned = new Counts(
    ["way", "why"],
    plannedWays.flatMap((way) => (way === "evaluate" ? [] : replanReasons.map((why) => ({ way, why })))),
  );
  readonly #fetched = new Counts(
    ["way"],
    [...plannedWays, "none"].map((way) => ({ way })),
  );
  readonly #errors = new Counts(
    ["code"],
    watchedErrors.map((code) => ({ code })),
  );
  #broken = 0;

  /** A request is over. */
  over(record: RequestRecord): void {
    const { handler, status, tookMs, ending, ways, queuedMs } = record;
    this.#requests.add({ handler, code: String(status) });
    this.#durations.observe(tookMs / 1000, handler);
    this.#sizes.observe(record.bytes, handler);
    if (queuedMs !== undefined) this.#waits.observe(queuedMs / 1000);
    if (record.error !== undefined) this.#errors.add({ code: record.error });
    if (ending === "broken") this.#broken++;
    for (const { way, why } of record.replanned) this.#replanned.add({ way, why });
    for (const [way, bytes] of record.fetched) this.#fetched.add({ way }, bytes);
    const way = ways.at(-1);
    if (way === undefined || handler === "explain") return;
    const outcome =
      ending !== "whole" ? ending : status < 400 ? "answered" : status < 500 ? "refused" : "failed";
    this.#answers.add({ way, outcome });
    this.#wayDurations.observe(tookMs / 1000, way);
  }

  took(way: string): void {
    this.#ways.add({ way });
  }

  collect(): MetricFamily[] {
    return [
      counter("http_requests", "Requests answered, by handler and status code.", this.#requests.samples),
      histogram(
        "http_request_duration_seconds",
        "How long requests took to the last byte, by handler.",
        this.#durations.samples,
      ),
      histogram(
        "http_response_size_bytes",
        "Bytes of answers with their headers, by handler.",
        this.#sizes.samples,
      ),
      histogram("queue_wait_seconds", "How long requests waited for their turn.", this.#waits.samples),
      counter(
        "errors",
        "Requests that the gateway itself could not answer, by the code of why.",
        this.#errors.samples,
      ),
      counter("queries", "Queries, by the way in which they were answered.", this.#ways.samples),
      counter(
        "query_answers",
        "Queries by the way that was taken last and what became of them: answered, refused (4xx), failed (5xx), broken after the first byte, or gone before it with its client.",
        this.#answers.samples,
      ),
      histogram(
        "query_duration_seconds",
        "How long queries took to the last byte, by the way that was taken last.",
        this.#wayDurations.samples,
      ),
      counter(
        "replanned_queries",
        "Queries that were evaluated after another way had been begun, by that way and why it did not do.",
        this.#replanned.samples,
      ),
      counter(
        "fetched_bytes",
        "Bytes of servers' answers, compressed as they come, by the way of the query; none is what is no query.",
        this.#fetched.samples,
      ),
      counter("answers_broken", "Answers that were cut off after their first byte, or whose client left.", [
        { labels: {}, value: this.#broken },
      ]),
    ];
  }
}

function histogram(name: string, help: string, samples: HistogramSample[]): MetricFamily {
  return { kind: "histogram", name: `promfleet_gateway_${name}`, help, samples };
}

function counter(name: string, help: string, samples: CounterSample[]): MetricFamily {
  return { kind: "counter", name: `promfleet_gateway_${name}_total`, help, samples };
}
