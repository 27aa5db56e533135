import type { MetricFamily } from "../telemetry/exposition/metric-family.ts";
import { hash } from "./noise.ts";
import { epoch } from "./traffic.ts";

/** s between two starts. */
const period = 180;
const failingShare = 0.07;

/** A job that starts every three minutes, takes 10 to 70 s and fails now and then. */
export class BatchJob {
  readonly #seeds: readonly [number, number];
  readonly #offset: number;

  constructor(seed: number, instance: number) {
    this.#seeds = [seed, instance];
    this.#offset = Math.floor(hash(seed, instance, 31) * period);
  }

  collect(seconds: number): MetricFamily[] {
    const started = Math.floor((seconds - epoch - this.#offset) / period);
    const running = seconds < this.#end(started);
    const last = running ? started - 1 : started;
    let success = last;
    while (this.#fails(success)) success--;
    const failures = this.#failuresBefore(last + 1);
    return [
      {
        kind: "counter",
        name: "demo_batch_runs_total",
        help: "Runs of the batch job that ended, by result.",
        samples: [
          { labels: { result: "success" }, value: last + 1 - failures, created: epoch * 1000 },
          { labels: { result: "failure" }, value: failures, created: epoch * 1000 },
        ],
      },
      gauge("demo_batch_running", "Whether the batch job runs now.", running ? 1 : 0),
      gauge(
        "demo_batch_last_run_timestamp_seconds",
        "When the batch job last ended, in seconds since 1970.",
        this.#end(last),
      ),
      gauge(
        "demo_batch_last_success_timestamp_seconds",
        "When the batch job last ended well, in seconds since 1970.",
        this.#end(success),
      ),
      gauge("demo_batch_last_run_duration_seconds", "How long the last run took.", this.#duration(last)),
      gauge(
        "demo_batch_last_run_processed_records",
        "Records that the last run worked on.",
        Math.floor(this.#duration(last) * (140 + 40 * hash(...this.#seeds, last, 33))),
      ),
    ];
  }

  #duration(run: number): number {
    return Math.round((10 + 60 * hash(...this.#seeds, run, 32) ** 2) * 1000) / 1000;
  }

  #end(run: number): number {
    return epoch + this.#offset + run * period + this.#duration(run);
  }

  /** Evenly spread, so that the number of failures is known without going through all runs. */
  #failuresBefore(run: number): number {
    return Math.floor(run * failingShare + hash(...this.#seeds, 34));
  }

  #fails(run: number): boolean {
    return this.#failuresBefore(run + 1) > this.#failuresBefore(run);
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: "gauge", name, help, samples: [{ labels: {}, value }] };
}
