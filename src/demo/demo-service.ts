import type { MetricFamily, Sample } from "../telemetry/exposition/metric-family.ts";
import { BatchJob } from "./batch-job.ts";
import { HttpService } from "./http-service.ts";
import { hash, wander } from "./noise.ts";
import { epoch, Traffic } from "./traffic.ts";

export interface DemoServiceOptions {
  /** Other seeds are other fleets. */
  seed: number;
  /** From 0. */
  instance: number;
}

const mebibyte = 2 ** 20;

/**
 * A web shop's server as its metrics show it. Everything is a function of seed, instance and time alone: whoever
 * scrapes an instance at the same moment sees the same, before and after a restart.
 */
export class DemoService {
  readonly #seed: number;
  readonly #instance: number;
  readonly #http: HttpService;
  readonly #batch: BatchJob;
  readonly #sessions: Traffic;

  constructor({ seed, instance }: DemoServiceOptions) {
    this.#seed = seed;
    this.#instance = instance;
    this.#http = new HttpService(seed, instance);
    this.#batch = new BatchJob(seed, instance);
    this.#sessions = new Traffic(2.5, seed, instance, 41);
  }

  /** @param now ms since 1970 */
  collect(now: number): MetricFamily[] {
    const seconds = now / 1000;
    return [
      {
        kind: "info",
        name: "demo_build_info",
        help: "What runs: always 1, the labels tell.",
        samples: [{ labels: this.#build(), value: 1 }],
      },
      ...this.#http.collect(seconds),
      ...this.#gauges(seconds),
      ...this.#batch.collect(seconds),
      this.#resetting(seconds),
    ];
  }

  /** The last instance of every six runs the next release already. */
  #build(): Record<string, string> {
    const canary = this.#instance % 6 === 5;
    return { version: canary ? "1.9.0-rc.1" : "1.8.2", revision: canary ? "c41d7e0" : "9b2f6a3" };
  }

  #gauges(seconds: number): MetricFamily[] {
    const drift = (period: number, ...salt: number[]) =>
      wander(seconds, period, this.#seed, this.#instance, ...salt);
    const busy = this.#http.rate(seconds) / 90;
    const inFlight = this.#http.inFlight(seconds);
    const user = Math.min(0.93, 0.05 + 0.5 * busy + 0.12 * drift(90, 51));
    const system = Math.min(0.07, 0.02 + 0.05 * drift(60, 52));
    // Memory climbs until something is thrown away, then again.
    const climbing = ((seconds / 1500 + hash(this.#seed, this.#instance, 53)) % 1) * 180;
    const memory = Math.floor((240 + climbing + 60 * drift(300, 54)) * mebibyte);
    const core = 41 + 22 * user + 5 * drift(240, 55);
    const ambient = 22 + 4 * drift(3600, 56);
    const depth = (extra: number, salt: number) => Math.floor(inFlight * extra + 14 * drift(120, salt) ** 2);
    return [
      gauge("demo_http_requests_in_flight", "HTTP requests being answered now.", [
        { labels: {}, value: Math.round(inFlight) },
      ]),
      gauge("demo_cpu_usage_ratio", "The part of the processors in use, by mode.", [
        { labels: { mode: "user" }, value: rounded(user, 4) },
        { labels: { mode: "system" }, value: rounded(system, 4) },
      ]),
      gauge("demo_memory_usage_bytes", "Memory in use.", [{ labels: {}, value: memory }]),
      gauge("demo_temperature_celsius", "Temperature, by sensor.", [
        { labels: { sensor: "core" }, value: rounded(core, 1) },
        { labels: { sensor: "ambient" }, value: rounded(ambient, 1) },
      ]),
      gauge("demo_queue_depth", "Messages waiting, by queue.", [
        { labels: { queue: "mail" }, value: depth(0.5, 57) },
        { labels: { queue: "invoices" }, value: depth(2, 58) },
      ]),
    ];
  }

  /** Begins again every seven to ten minutes, as a worker that is replaced does. */
  #resetting(seconds: number): MetricFamily {
    const life = 420 + 180 * hash(this.#seed, this.#instance, 42);
    const born = Math.max(epoch, Math.floor(seconds / life) * life);
    return {
      kind: "counter",
      name: "demo_worker_tasks_total",
      help: "Tasks done by the present worker; begins again with every new worker.",
      samples: [
        {
          labels: {},
          value: Math.floor(this.#sessions.total(seconds) - this.#sessions.total(born)),
          created: Math.floor(born * 1000),
        },
      ],
    };
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { kind: "gauge", name, help, samples };
}
