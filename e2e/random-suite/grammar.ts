import type { Random } from "../harness/random.ts";
import type { Expression } from "../histories/query.ts";
import type { PerSeriesGrammar } from "./per-series-grammar.ts";
import { type RandomSelector, quoted } from "./random-selector.ts";
import { type Spelling, scalar, vector } from "./spelling.ts";
import {
  type Vocabulary,
  buckets,
  counters,
  endless,
  floats,
  gauges,
  natives,
  special,
} from "./vocabulary.ts";

const merging = ["sum", "sum", "sum", "avg", "avg", "min", "max", "count", "group"] as const;
const spreading = ["stddev", "stdvar", "quantile"] as const;
const labels = ["job", "job", "instance", "instance", "code", "zone", "kind", "le", "region", "id", "absent"];
const utf8Labels = ["läbel.x"];

/** Expressions of all kinds over any number of series. */
export class Grammar {
  readonly #random: Random;
  readonly #selectors: RandomSelector;
  readonly #spelling: Spelling;
  readonly #perSeries: PerSeriesGrammar;
  readonly #words: Vocabulary;
  readonly #utf8Names: boolean;

  constructor(parts: {
    random: Random;
    selectors: RandomSelector;
    spelling: Spelling;
    perSeries: PerSeriesGrammar;
    words: Vocabulary;
    utf8Names: boolean;
  }) {
    this.#random = parts.random;
    this.#selectors = parts.selectors;
    this.#spelling = parts.spelling;
    this.#perSeries = parts.perSeries;
    this.#words = parts.words;
    this.#utf8Names = parts.utf8Names;
  }

  /** A whole query. @param depth how far operators may be nested */
  whole(depth: number): Expression {
    const random = this.#random;
    const way = random.next();
    // what a gateway may put together from what its shards say is as often asked for as all the rest
    if (way < 0.26) return this.#merged(this.#perSeries.vector(random.whole(0, depth - 1)));
    if (way < 0.34) return this.#perSeries.vector(depth);
    if (way < 0.4) return this.#first(this.#perSeries.vector(random.whole(0, 1)));
    if (way < 0.44) return this.#byTarget();
    if (way < 0.46) return this.#scalar(2);
    if (way < 0.48) return vector(`avg${this.#grouping()}($0)`, vector(this.#selectors.instant(endless)));
    return this.vector(depth);
  }

  vector(depth: number): Expression {
    const random = this.#random;
    if (depth <= 0) return this.#perSeries.vector(0);
    switch (random.whole(0, 13)) {
      case 0:
      case 1:
        return this.#merged(this.vector(depth - 1));
      case 2:
        return this.#spread(this.vector(depth - 1));
      case 3:
        return this.#first(this.vector(depth - 1));
      case 4:
        return this.#classicHistogram();
      case 5:
        return this.#nativeHistogram();
      case 6:
      case 7:
      case 8:
        return this.#binary(depth);
      case 9:
        return vector(
          `${random.pick(this.#words.ofRanges)}($0)`,
          this.#perSeries.subquery(this.vector(depth - 1)),
        );
      case 10:
        return this.#absent(depth);
      case 11:
        return vector(`${random.pick(this.#words.ofVectors)}($0)`, this.vector(depth - 1));
      case 12:
        return this.#ofScalars(depth);
      default:
        return this.#perSeries.vector(depth);
    }
  }

  /** An instant query may show an order. */
  sorted(depth: number): Expression {
    const random = this.#random;
    const by = random.pick(this.#words.sorting);
    const names = by.startsWith("sort_by") ? `, "${random.pick(labels)}", "instance"` : "";
    return vector(`${by}($0${names})`, this.vector(depth));
  }

  #aggregated(operation: string, inner: Expression, ...params: Expression[]): Expression {
    const spelling = this.#spelling;
    const op = spelling.word(operation);
    const params_ = params.map((_, at) => `$${at + 1},${spelling.space()}`).join("");
    const list = `(${params_}${spelling.gap()}$0${spelling.gap()})`;
    const grouping = this.#grouping();
    const text =
      this.#random.chance(0.6) || grouping === ""
        ? `${op}${grouping}${spelling.gap()}${list}`
        : `${op}${spelling.gap()}${list}${grouping}`;
    return vector(text, inner, ...params);
  }

  #merged(inner: Expression): Expression {
    const random = this.#random;
    // what it counts is in its labels: only of values that do not depend on an order of additions
    if (random.chance(0.1))
      return this.#aggregated(
        "count_values",
        this.#perSeries.vector(1),
        scalar(quoted(random.pick(["v", "v", "job"]), random)),
      );
    return this.#aggregated(random.pick(merging), inner);
  }

  #spread(inner: Expression): Expression {
    const operation = this.#random.pick(spreading);
    return operation === "quantile"
      ? this.#aggregated(operation, inner, this.#fraction())
      : this.#aggregated(operation, inner);
  }

  /** Also of metrics in which many are equal: which of them are shown is decided by the order of their labels, see suite-bed.ts. */
  #first(inner: Expression): Expression {
    const random = this.#random;
    const k = random.pick(["1", "1", "2", "3", "5", "5", "1000", "0", "2.7", "0x2", "1e1"]);
    const of = random.chance(0.8)
      ? scalar(k)
      : random.pick([scalar("(1 + 1)"), scalar(`scalar(${this.#selectors.plain(["alone"])}) / 100`)]);
    return this.#aggregated(random.pick(["topk", "bottomk"]), inner, of);
  }

  /** What is whole on the shard of a target. */
  #byTarget(): Expression {
    const random = this.#random;
    const inner = this.#perSeries.vector(random.whole(0, 1));
    const operation = random.pick([...spreading, ...merging]);
    const param = operation === "quantile" ? "0.$1, ".replace("$1", String(random.whole(1, 9))) : "";
    const grouping = random.pick(["by (instance)", "by (job, instance)", "without (job)", "without ()"]);
    return vector(`${operation} ${grouping} (${param}$0)`, inner);
  }

  #grouping(): string {
    const random = this.#random;
    const spelling = this.#spelling;
    const mode = random.pick(["", "", "by", "by", "by", "without", "without"]);
    if (mode === "") return "";
    const known = this.#utf8Names && random.chance(0.1) ? utf8Labels : labels;
    const some = random.chance(0.05) ? [] : [...new Set([random.pick(known), ...random.some(labels, 2)])];
    const named = some.slice(0, random.whole(1, 3)).map((label) => this.#labelName(label));
    const comma = named.length > 0 && random.chance(0.05) ? "," : "";
    return `${spelling.space()}${spelling.word(mode)}${spelling.gap(" ")}(${named.join(", ")}${comma})${spelling.gap(" ")}`;
  }

  #labelName(label: string): string {
    return /^\w+$/.test(label) && !(this.#utf8Names && this.#random.chance(0.04)) ? label : `"${label}"`;
  }

  #fraction(): Expression {
    const random = this.#random;
    if (random.chance(0.1)) return scalar(random.pick(["-0.1", "1.5", "NaN", "0", "1"]));
    if (random.chance(0.1)) return scalar(`scalar(${this.#selectors.plain(["alone"])}) / 1000`);
    return scalar(`0.${random.whole(1, 99)}`);
  }

  #binary(depth: number): Expression {
    const random = this.#random;
    const arithmetic = () => random.pick(["+", "-", "*", "/", "/", "%", "^", "atan2"]);
    const comparison = () => random.pick(["==", "!=", "<", ">", ">=", "<="]) + random.pick(["", " bool"]);
    const operator = () => this.#spelling.word(random.chance(0.7) ? arithmetic() : comparison());
    const space = () => this.#spelling.space();
    switch (random.whole(0, 7)) {
      case 0: {
        const side = random.chance(0.6) ? this.#scalar(depth - 1) : this.#perSeries.constant();
        const inner = this.#inParens(this.vector(depth - 1));
        return random.chance(0.6)
          ? vector(`$0${space()}${operator()}${space()}$1`, inner, side)
          : vector(`$1${space()}${operator()}${space()}$0`, inner, side);
      }
      case 1: {
        // the same series on both sides
        const metrics = [random.pick([...floats, ...natives])];
        const selected = vector(this.#selectors.plain(metrics));
        const sides = ["$0", "-$0", "abs($0)", "$0 offset 1m", "$0", "timestamp($0)"];
        return vector(`${random.pick(sides)} ${operator()} ${random.pick(sides)}`, selected);
      }
      case 2:
        return this.#ofGroups(operator(), depth);
      case 3: {
        const many = this.#perSeries.vector(random.whole(0, 1), [...counters, ...gauges, ...buckets]);
        const one = random.pick([
          ["on (job, instance)", "(version)", "build_info"],
          ["on (instance)", "()", "up"],
          ["on (job)", "(region)", "region_info"],
          ["ignoring (zone, version, code, le, kind, id)", "(version)", "build_info"],
        ] as const);
        const [matching, include, name] = one;
        const info = vector(this.#selectors.plain([name]));
        const inner = this.#inParens(many);
        const [left, right] = [this.#spelling.word("group_left"), this.#spelling.word("group_right")];
        return random.chance(0.7)
          ? vector(`$0 * ${matching} ${left} ${include} $1`, inner, info)
          : vector(`$1 ${random.pick(["*", "+", "-"])} ${matching} ${right} ${include} $0`, inner, info);
      }
      case 4: {
        const code = random.pick(["200", "404", "500"]);
        const of = random.pick([
          "work_total",
          'requests_total{code="200"}',
          "sum without (code) (requests_total)",
        ]);
        const left = `requests_total{code="${code}"}${this.#selectors.moved()}`;
        return vector(`${left} ${operator()} ignoring (code) ${of}`);
      }
      case 5:
      case 6: {
        const matching = random.pick(["", "", " on (instance)", " on (job)", " ignoring (code)", " on ()"]);
        const set = this.#spelling.word(random.pick(["and", "or", "unless"]));
        return vector(
          `$0${space()}${set}${matching}${space()}$1`,
          this.#inParens(this.vector(depth - 1)),
          this.#inParens(this.vector(depth - 2)),
        );
      }
      default:
        // whatever comes of it
        return vector(
          `$0 ${operator()} $1`,
          this.#inParens(this.vector(depth - 1)),
          this.#inParens(this.vector(depth - 2)),
        );
    }
  }

  #ofGroups(operator: string, depth: number): Expression {
    const random = this.#random;
    const group = random.pick(["job", "instance", "job, instance", ""]);
    const side = () => {
      const operation = random.pick([...merging, ...spreading]);
      const param = operation === "quantile" ? `0.${random.whole(1, 9)}, ` : "";
      return vector(`${operation} by (${group}) (${param}$0)`, this.vector(depth - 2));
    };
    const matching = random.pick(["", ` on (${group})`, " ignoring (code)"]);
    return vector(`$0 ${operator}${matching} $1`, side(), side());
  }

  #classicHistogram(): Expression {
    const random = this.#random;
    const selected = () => this.#selectors.range(buckets);
    const rates = vector(`${random.pick(["rate", "increase", "last_over_time"])}(${selected()})`);
    const plain = vector(this.#selectors.instant(buckets));
    const of = random.chance(0.7) ? rates : plain;
    const grouping = random.pick([
      "by (le)",
      "by (le, job)",
      "by (instance, le)",
      "without (instance)",
      "by (job)",
    ]);
    const inner = random.chance(0.6) ? vector(`sum ${grouping} ($0)`, of) : of;
    return random.chance(0.85)
      ? vector(`histogram_quantile($1, $0)`, inner, this.#fraction())
      : vector(`histogram_fraction(0, 0.${random.whole(1, 9)}, $0)`, inner);
  }

  #nativeHistogram(): Expression {
    const random = this.#random;
    const selected = vector(this.#selectors.instant(natives));
    const ranged = vector(
      `${random.pick(["rate", "rate", "increase", "delta", "sum_over_time", "avg_over_time", "last_over_time", "resets"])}(${this.#selectors.range(natives)})`,
    );
    const of = random.chance(0.4) ? selected : ranged;
    const inner = random.chance(0.6)
      ? this.#aggregated(random.pick(["sum", "sum", "avg", "count", "max", "group"]), of)
      : of;
    switch (random.whole(0, 5)) {
      case 0:
        return vector(`histogram_quantile($1, $0)`, inner, this.#fraction());
      case 1:
        return vector(`histogram_fraction(0, ${random.whole(1, 9)}, $0)`, inner);
      case 2:
      case 3:
        return vector(`${random.pick(this.#words.ofNatives)}($0)`, inner);
      case 4:
        return vector(
          `$0 ${random.pick(["*", "/", "+"])} ${this.#perSeries.number()}`,
          this.#inParens(inner),
        );
      default:
        return inner;
    }
  }

  #absent(depth: number): Expression {
    const random = this.#random;
    const metrics = random.pick([["only_early"], ["nothing_of_the_kind"], ["queue"], floats, special]);
    return random.pick([
      () => vector("absent($0)", vector(this.#selectors.instant(metrics))),
      () => vector(`absent_over_time(${this.#selectors.range(metrics)})`),
      () => vector(`absent(only_early{job="${random.whole(1, 3)}", absent!="1", zone=~"inner|outer"})`),
      () => vector("absent($0)", this.vector(depth - 1)),
    ])();
  }

  #ofScalars(depth: number): Expression {
    const random = this.#random;
    return random.pick([
      () => vector("vector($0)", this.#scalar(depth - 1)),
      () => vector(`${random.pick(["hour", "minute", "day_of_week", "month"])}($0)`, vector("")),
      () => vector("clamp_max($0, $1)", this.vector(depth - 1), this.#scalar(depth - 1)),
      () => vector("round($0, $1)", this.vector(depth - 1), this.#scalar(depth - 1)),
    ])();
  }

  /** Also one that comes from series. */
  #scalar(depth: number): Expression {
    const random = this.#random;
    if (depth <= 0) return this.#perSeries.constant();
    return random.pick([
      () => this.#perSeries.constant(),
      () => scalar("scalar($0)", this.#merged(this.vector(depth - 1))),
      () => scalar("scalar($0)", vector(this.#selectors.plain(["alone", "alone_total"]))),
      () =>
        scalar(
          `($0 ${random.pick(["+", "-", "*", "/", "> bool"])} $1)`,
          this.#scalar(depth - 1),
          this.#scalar(0),
        ),
    ])();
  }

  #inParens(inner: Expression): Expression {
    return this.#perSeries.inParens(inner);
  }
}
