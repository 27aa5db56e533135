import { type History, historySeconds } from "./history.ts";
import type { Expression, HistoryQuery } from "./query.ts";
import { Random } from "../harness/random.ts";

/** A query of some time of a history, of the metrics that it has. */
export function randomQuery(history: History, seed: number): HistoryQuery {
  const random = new Random(seed);
  const expression = new Grammar(history, random).vector(random.whole(1, 3));
  const end = random.whole(60_000, (historySeconds + 300) * 1000) / 1000;
  if (random.chance(0.3)) return { expression, start: end, end, step: undefined };
  const step = random.pick(steps);
  // on the beat of the scrapes, or anywhere
  const start = random.chance(0.5) ? random.whole(0, 40) * 60 : random.whole(0, historySeconds * 1000) / 1000;
  return { expression, start, end: start + step * random.whole(1, 80), step };
}

const steps = [5, 10, 15, 15, 30, 60, 7, 13, 37, 61.3] as const;
const ranges = ["5s", "20s", "45s", "1m", "90s", "2m", "5m", "10m", "17m"] as const;
const offsets = ["10s", "1m", "7m", "11m13s"] as const;
/** They divide an hour: a history that lies elsewhere is evaluated at the same times of it. */
const subqueries = ["10m:15s", "5m:30s", "3m:10s", "12m:1m", "6m:"] as const;

const counters = ["requests_total", "work_total", "latency_seconds_count", "latency_seconds_sum"] as const;
const gauges = ["temperature", "queue"] as const;
const others = ["up", "up", "scrape_duration_seconds", "scrape_samples_scraped", "session_bytes"] as const;
const ofCounters = ["rate", "increase", "resets", "rate", "irate", "idelta"] as const;
const ofGauges = ["delta", "deriv", "changes", "avg_over_time", "min_over_time", "max_over_time"] as const;
const ofAll = [
  "count_over_time",
  "sum_over_time",
  "avg_over_time",
  "last_over_time",
  "present_over_time",
  "changes",
  "stddev_over_time",
] as const;
const ofHistograms = ["rate", "increase", "resets", "last_over_time"] as const;
const aggregations = ["sum", "avg", "min", "max", "count", "group"] as const;
const groupings = [
  "",
  "",
  "by (job) ",
  "by (instance) ",
  "by (job, instance) ",
  "without (instance) ",
  "without (job) ",
] as const;

class Grammar {
  readonly #history: History;
  readonly #random: Random;

  constructor(history: History, random: Random) {
    this.#history = history;
    this.#random = random;
  }

  /** @param depth how far operators may be nested */
  vector(depth: number): Expression {
    const random = this.#random;
    if (depth <= 0) return this.#leaf();
    switch (random.whole(0, 11)) {
      case 0:
      case 1:
      case 2:
        return vector(`${random.pick(aggregations)} ${random.pick(groupings)}($0)`, this.vector(depth - 1));
      case 3:
        return vector(
          `quantile ${random.pick(groupings)}(0.${random.whole(1, 9)}, $0)`,
          this.vector(depth - 1),
        );
      case 4:
        return vector(
          `${random.pick(["topk", "bottomk"])} ${random.pick(groupings)}(${random.whole(1, 3)}, $0)`,
          this.#untied(),
        );
      case 5:
        return vector(
          `histogram_quantile(0.${random.whole(1, 9)}, sum by (le${random.pick(["", ", job"])}) ($0))`,
          this.#buckets(),
        );
      case 6:
        return this.#histogram();
      case 7:
        return this.#binary(depth);
      case 8:
        return vector(
          `${random.pick(["max_over_time", "min_over_time", "avg_over_time", "count_over_time", "sum_over_time"])}($0)`,
          {
            text: `($0)[${random.pick(subqueries)}]${this.#moved()}`,
            type: "matrix",
            parts: [this.vector(depth - 1)],
          },
        );
      case 9:
        return this.#counted();
      case 10:
        return vector(
          `${random.pick(["abs", "-", "ceil", "sort", "timestamp"])}($0)`,
          this.vector(depth - 1),
        );
      default:
        return this.#leaf();
    }
  }

  /** A selector, or a function of one. */
  #leaf(): Expression {
    const random = this.#random;
    switch (random.whole(0, 5)) {
      case 0:
        return this.#selector(random.pick([...gauges, ...counters, ...others]));
      case 1:
      case 2:
        return vector(`${random.pick(ofCounters)}($0)`, this.#range(random.pick(counters)));
      case 3:
        return vector(`${random.pick(ofGauges)}($0)`, this.#range(random.pick(gauges)));
      case 4:
        return vector(
          `${random.pick(ofAll)}($0)`,
          this.#range(random.pick([...gauges, ...counters, ...others])),
        );
      default:
        return vector("timestamp($0)", this.#selector(random.pick([...gauges, ...others])));
    }
  }

  #binary(depth: number): Expression {
    const random = this.#random;
    const operator = random.pick(["+", "-", "*", "/", "> bool", "and", "or", "unless", "<"] as const);
    if (random.chance(0.3))
      return vector(
        `$0 ${operator === "and" || operator === "or" || operator === "unless" ? "+" : operator} ${random.whole(1, 100)}`,
        this.#inBrackets(depth),
      );
    if (random.chance(0.5)) {
      const grouping = random.pick(["job", "instance", "job, instance"]);
      const side = () => vector(`${random.pick(aggregations)} by (${grouping}) ($0)`, this.vector(depth - 2));
      return vector(`$0 ${operator} $1`, side(), side());
    }
    const name = random.pick([...gauges, "work_total", "up"]);
    return vector(
      `$0 ${operator} $1`,
      this.#selector(name),
      this.#selector(random.chance(0.5) ? name : random.pick(gauges)),
    );
  }

  #inBrackets(depth: number): Expression {
    return vector("($0)", this.vector(depth - 1));
  }

  /** What tells who was there. */
  #counted(): Expression {
    const random = this.#random;
    switch (random.whole(0, 3)) {
      case 0:
        return vector(`count ${random.pick(groupings)}($0)`, this.#selector("up"));
      case 1:
        return vector(`sum ${random.pick(groupings)}($0)`, this.#selector("up"));
      case 2:
        return vector("absent($0)", this.#selector(random.pick([...gauges, "up", "session_bytes"])));
      default:
        return vector("absent_over_time($0)", this.#range(random.pick(["up", "temperature"])));
    }
  }

  /** Values of which no two are the same: topk may keep either of two that are. */
  #untied(): Expression {
    const random = this.#random;
    if (random.chance(0.5)) return this.#selector("temperature");
    return vector(
      `${random.pick(["max_over_time", "min_over_time", "last_over_time"])}($0)`,
      this.#range("temperature"),
    );
  }

  #buckets(): Expression {
    return vector(`${this.#random.pick(["rate", "increase"])}($0)`, this.#range("latency_seconds_bucket"));
  }

  #histogram(): Expression {
    const random = this.#random;
    const some = random.chance(0.3)
      ? this.#selector("duration_seconds")
      : vector(`${random.pick(ofHistograms)}($0)`, this.#range("duration_seconds"));
    const inner = random.chance(0.5) ? vector(`sum ${random.pick(groupings)}($0)`, some) : some;
    switch (random.whole(0, 4)) {
      case 0:
        return vector("histogram_count($0)", inner);
      case 1:
        return vector("histogram_sum($0)", inner);
      case 2:
        return vector(`histogram_quantile(0.${random.whole(1, 9)}, $0)`, inner);
      case 3:
        return vector("histogram_avg($0)", inner);
      default:
        return inner;
    }
  }

  #range(name: string): Expression {
    const { text } = this.#matched(name);
    return { text: `${text}[${this.#random.pick(ranges)}]${this.#moved()}`, type: "matrix", parts: [] };
  }

  #selector(name: string): Expression {
    const { text } = this.#matched(name);
    return { text: `${text}${this.#moved()}`, type: "vector", parts: [] };
  }

  #matched(name: string): { text: string } {
    const random = this.#random;
    const target = random.pick(this.#history.targets);
    const other = random.pick(this.#history.targets);
    switch (random.whole(0, 8)) {
      case 0:
        return { text: `${name}{job="${target.job}"}` };
      case 1:
        return { text: `${name}{job!="${target.job}"}` };
      case 2:
        return { text: `${name}{instance="${target.instance}"}` };
      case 3:
        return { text: `${name}{instance=~"${target.instance}|${other.instance}"}` };
      case 4:
        return { text: `${name}{job=~"${target.job}|${other.job}",instance!~".*[0-4]:9100"}` };
      default:
        return { text: name };
    }
  }

  /** Another time, now and then. */
  #moved(): string {
    const random = this.#random;
    if (random.chance(0.1)) return ` offset ${random.pick(offsets)}`;
    if (random.chance(0.05)) return ` @ T+${random.whole(0, historySeconds)}`;
    return random.chance(0.02) ? " @ end()" : "";
  }
}

function vector(text: string, ...parts: Expression[]): Expression {
  return { text, type: "vector", parts };
}
