import type {
  CounterSample,
  HistogramSample,
  Labels,
  MetricFamily,
} from "../telemetry/exposition/metric-family.ts";
import { Incidents } from "./incidents.ts";
import { cellShares, latencyState } from "./latency.ts";
import { hash } from "./noise.ts";
import { epoch, Traffic } from "./traffic.ts";

interface Route {
  method: string;
  path: string;
  /** Requests a second, on average. */
  rate: number;
  /** s */
  median: number;
  /** The code of what goes well. */
  code: string;
  /** The share that the client got wrong, and with which code. */
  refused?: [code: string, share: number];
}

const routes: readonly Route[] = [
  { method: "GET", path: "/", rate: 9, median: 0.012, code: "200" },
  { method: "GET", path: "/api/products", rate: 16, median: 0.035, code: "200" },
  { method: "GET", path: "/api/products/:id", rate: 11, median: 0.022, code: "200", refused: ["404", 0.03] },
  { method: "GET", path: "/api/orders", rate: 3, median: 0.06, code: "200", refused: ["401", 0.02] },
  { method: "POST", path: "/api/cart", rate: 4, median: 0.045, code: "201", refused: ["400", 0.015] },
  { method: "POST", path: "/api/checkout", rate: 1.5, median: 0.18, code: "201", refused: ["402", 0.04] },
];

/** Slow ones are those that no cache answered; failing ones wait for what is broken. */
const slow = { share: 0.15, factor: 5, steepness: 3.5 };
const failing = { factor: 14, steepness: 3 };
const alwaysFails = 0.002;

/** The requests that one instance answers: codes, latencies, how many at once, and how busy that makes it. */
export class HttpService {
  readonly #endpoints: readonly Endpoint[];

  constructor(seed: number, instance: number) {
    this.#endpoints = routes.map((route, at) => new Endpoint(route, seed, instance, at));
  }

  /** Requests a second. */
  rate(seconds: number): number {
    return this.#endpoints.reduce((sum, endpoint) => sum + endpoint.rate(seconds), 0);
  }

  /** Requests being answered: by Little's law, those that come in a second times the seconds that each takes. */
  inFlight(seconds: number): number {
    return this.#endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight(seconds), 0);
  }

  collect(seconds: number): MetricFamily[] {
    return [
      {
        kind: "counter",
        name: "demo_http_requests_total",
        help: "HTTP requests answered, by method, path and status code.",
        samples: this.#endpoints.flatMap((endpoint) => endpoint.codes(seconds)),
      },
      {
        kind: "histogram",
        name: "demo_http_request_duration_seconds",
        help: "How long HTTP requests took, by method and path.",
        samples: this.#endpoints.map((endpoint) => endpoint.latency(seconds)),
      },
    ];
  }
}

class Endpoint {
  readonly #route: Route;
  readonly #labels: Labels;
  readonly #quick: Traffic;
  readonly #slow: Traffic;
  readonly #incidents: Incidents;
  readonly #shares: { quick: readonly number[]; slow: readonly number[]; failing: readonly number[] };

  constructor(route: Route, seed: number, instance: number, at: number) {
    this.#route = route;
    this.#labels = { method: route.method, path: route.path };
    // No two machines are quite alike.
    const machine = 0.85 + 0.3 * hash(seed, instance, 11);
    this.#quick = new Traffic(route.rate * (1 - slow.share), seed, instance, at, 1);
    this.#slow = new Traffic(route.rate * slow.share, seed, instance, at, 2);
    // What is broken is behind a path, for every instance at once, or behind an instance, for every path.
    const reach = at >= 4 ? [seed, 1000 + at] : [seed, 2000, instance];
    this.#incidents = new Incidents(this.#quick, ...reach);
    const median = route.median * machine;
    this.#shares = {
      quick: cellShares({ median, steepness: 5 }),
      slow: cellShares({ median: median * slow.factor, steepness: slow.steepness }),
      failing: cellShares({ median: median * failing.factor, steepness: failing.steepness }),
    };
  }

  rate(seconds: number): number {
    return this.#quick.rate(seconds) + this.#slow.rate(seconds);
  }

  inFlight(seconds: number): number {
    const severity = this.#incidents.severity(seconds);
    const quick = this.#quick.rate(seconds);
    const waiting =
      quick * (1 - severity) + quick * severity * failing.factor + this.#slow.rate(seconds) * slow.factor;
    return waiting * this.#route.median;
  }

  codes(seconds: number): CounterSample[] {
    const { code, refused } = this.#route;
    const failed = this.#incidents.failed(seconds);
    const whole = this.#quick.total(seconds) - failed + this.#slow.total(seconds);
    const [refusedCode, refusedShare] = refused ?? ["", 0];
    const sample = (label: string, total: number): CounterSample => ({
      labels: { ...this.#labels, code: label },
      value: Math.floor(total),
      created: epoch * 1000,
    });
    return [
      sample(code, whole * (1 - refusedShare - alwaysFails)),
      ...(refused ? [sample(refusedCode, whole * refusedShare)] : []),
      sample("500", whole * alwaysFails + failed * 0.35),
      sample("503", failed * 0.65),
    ];
  }

  latency(seconds: number): HistogramSample {
    const failed = this.#incidents.failed(seconds);
    const state = latencyState([
      { total: this.#quick.total(seconds) - failed, shares: this.#shares.quick },
      { total: this.#slow.total(seconds), shares: this.#shares.slow },
      { total: failed, shares: this.#shares.failing },
    ]);
    return { labels: this.#labels, ...state, created: epoch * 1000 };
  }
}
