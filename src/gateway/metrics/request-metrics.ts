import type {
  CounterSample,
  HistogramSample,
  MetricFamily,
} from "../../telemetry/exposition/metric-family.ts";

/** s */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

interface Timings {
  buckets: number[];
  count: number;
  sum: number;
}

/** What the gateway has answered so far. */
export class RequestMetrics {
  readonly #byCode = new Map<string, { handler: string; code: string; count: number }>();
  readonly #timings = new Map<string, Timings>();
  readonly #ways = new Map<string, number>();
  #broken = 0;

  /** @param tookMs from the request's arrival to the last byte handed to the system */
  answered(handler: string, status: number, tookMs: number): void {
    const code = String(status);
    const key = `${handler} ${code}`;
    const counted = this.#byCode.get(key) ?? { handler, code, count: 0 };
    counted.count++;
    this.#byCode.set(key, counted);
    const seconds = tookMs / 1000;
    const timings = this.#timings.get(handler) ?? { buckets: bounds.map(() => 0), count: 0, sum: 0 };
    const at = bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) timings.buckets[at] = (timings.buckets[at] ?? 0) + 1;
    timings.count++;
    timings.sum += seconds;
    this.#timings.set(handler, timings);
  }

  took(way: string): void {
    this.#ways.set(way, (this.#ways.get(way) ?? 0) + 1);
  }

  /** An answer was cut off after its first byte. */
  broke(): void {
    this.#broken++;
  }

  collect(): MetricFamily[] {
    return [
      counter(
        "http_requests",
        "Requests answered, by handler and status code.",
        [...this.#byCode.values()].map(({ handler, code, count }) => ({
          labels: { handler, code },
          value: count,
        })),
      ),
      {
        kind: "histogram",
        name: "promfleet_gateway_http_request_duration_seconds",
        help: "How long requests took to the last byte, by handler.",
        samples: [...this.#timings].map(([handler, timings]) => histogramOf(handler, timings)),
      },
      counter(
        "queries",
        "Queries, by the way in which they were answered.",
        [...this.#ways].map(([way, value]) => ({ labels: { way }, value })),
      ),
      counter("answers_broken", "Answers that were cut off after their first byte, or whose client left.", [
        { labels: {}, value: this.#broken },
      ]),
    ];
  }
}

function histogramOf(handler: string, { buckets, count, sum }: Timings): HistogramSample {
  let cumulativeCount = 0;
  return {
    labels: { handler },
    count,
    sum,
    buckets: bounds.map((upperBound, at) => {
      cumulativeCount += buckets[at] ?? 0;
      return { upperBound, cumulativeCount };
    }),
  };
}

function counter(name: string, help: string, samples: CounterSample[]): MetricFamily {
  return { kind: "counter", name: `promfleet_gateway_${name}_total`, help, samples };
}
