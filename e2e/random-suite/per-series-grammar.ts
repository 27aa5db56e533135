import type { Random } from "../harness/random.ts";
import type { Expression } from "../histories/query.ts";
import type { RandomSelector } from "./random-selector.ts";
import { type Spelling, matrix, scalar, vector } from "./spelling.ts";
import { type Vocabulary, counters, floats, gauges, natives } from "./vocabulary.ts";

const subqueries = ["10m:15s", "5m:30s", "3m:10s", "12m:1m", "6m:", "100s:7s"] as const;
const comparisons = ["==", "!=", "<", "<=", ">", ">="] as const;
const arithmetic = ["+", "-", "*", "/", "%", "^"] as const;

/** Expressions of which every element comes from one series. */
export class PerSeriesGrammar {
  readonly #random: Random;
  readonly #selectors: RandomSelector;
  readonly #spelling: Spelling;
  readonly #words: Vocabulary;

  constructor(random: Random, selectors: RandomSelector, spelling: Spelling, words: Vocabulary) {
    this.#random = random;
    this.#selectors = selectors;
    this.#spelling = spelling;
    this.#words = words;
  }

  /** @param depth how far functions and operators may be nested */
  vector(depth: number, metrics: readonly string[] = this.#someMetrics()): Expression {
    const random = this.#random;
    if (depth <= 0) return this.#leaf(metrics);
    switch (random.whole(0, 9)) {
      case 0:
        return vector(`${random.pick(this.#words.ofVectors)}($0)`, this.vector(depth - 1, metrics));
      case 1:
        return this.#withParameters(this.vector(depth - 1, metrics));
      case 2:
        return this.#withScalar(this.vector(depth - 1, metrics), random.pick(arithmetic));
      case 3: {
        const bool = random.chance(0.4) ? ` ${this.#spelling.word("bool")}` : "";
        return this.#withScalar(this.vector(depth - 1, metrics), random.pick(comparisons) + bool);
      }
      case 4:
        return vector(random.chance(0.7) ? "-$0" : "+$0", this.inParens(this.vector(depth - 1, metrics)));
      case 5:
        return vector(
          `${random.pick(this.#words.ofRanges)}($0)`,
          this.subquery(this.vector(depth - 1, metrics)),
        );
      case 6:
        return this.#relabelled(this.vector(depth - 1, metrics));
      default:
        return this.#leaf(metrics);
    }
  }

  /** A selector, or a function of one. */
  #leaf(metrics: readonly string[]): Expression {
    const random = this.#random;
    const selected = () => vector(this.#selectors.instant(metrics));
    const ranged = () => matrix(this.#selectors.range(metrics));
    switch (random.whole(0, 9)) {
      case 0:
      case 1:
      case 2:
        return selected();
      case 3:
      case 4:
      case 5:
        return vector(`${random.pick(this.#words.usual)}(${this.#spelling.gap()}$0)`, ranged());
      case 6:
      case 7:
        return vector(`${random.pick(this.#words.ofRanges)}($0)`, ranged());
      case 8:
        return random.pick([
          () => vector(`quantile_over_time(${this.number()}, $0)`, ranged()),
          () => vector(`predict_linear($0, ${random.whole(-60, 600)})`, ranged()),
          () =>
            vector(
              `${this.#words.smoothing}($0, 0.${random.whole(1, 9)}, 0.${random.whole(1, 9)})`,
              ranged(),
            ),
        ])();
      default:
        return vector(`timestamp($0)`, selected());
    }
  }

  #withParameters(inner: Expression): Expression {
    const random = this.#random;
    return random.pick([
      () => vector(`clamp($0, ${random.whole(-50, 5)}, ${random.whole(6, 400)})`, inner),
      () => vector(`clamp_max($0, ${this.number()})`, inner),
      () => vector(`clamp_min($0, ${this.number()})`, inner),
      () => vector(`round($0, 0.${random.whole(1, 9)})`, inner),
    ])();
  }

  #withScalar(inner: Expression, operator: string): Expression {
    const side = this.constant();
    const between = `${this.#spelling.space()}${operator}${this.#spelling.space()}`;
    return this.#random.chance(0.7)
      ? vector(`$0${between}$1`, this.inParens(inner), side)
      : vector(`$1${between}$0`, this.inParens(inner), side);
  }

  /** The labels are others, most often not the same for two series. */
  #relabelled(inner: Expression): Expression {
    const random = this.#random;
    const label = () => random.pick(["job", "instance", "code", "text", "zone", "id"]);
    const calls = [
      `label_replace($0, "host", "\${1}", "instance", "(.*):.*")`,
      `label_replace($0, "${label()}", "is \${part}", "${label()}", "(?P<part>.+)")`,
      `label_replace($0, "__name__", "renamed", "", "")`,
      `label_replace($0, "text", 'a "quote" }, \\\\', "job", ".*")`,
      `label_join($0, "both", "-", "job", "instance")`,
      `label_join($0, "${label()}", "},", "${label()}", "${label()}", "job")`,
    ];
    // now and then what told two apart is gone
    if (random.chance(0.15)) calls.push(`label_replace($0, "instance", "", "", "")`);
    return vector(random.pick(calls), inner);
  }

  inParens(inner: Expression): Expression {
    return vector(`(${this.#spelling.gap()}$0${this.#spelling.gap()})`, inner);
  }

  subquery(inner: Expression): Expression {
    return matrix(`($0)[${this.#random.pick(subqueries)}]${this.#selectors.moved()}`, inner);
  }

  /** A scalar that is the same on every server. */
  constant(): Expression {
    const random = this.#random;
    return random.pick([
      () => scalar(this.number()),
      () => scalar(this.number()),
      () => scalar(this.number()),
      () => scalar("time()"),
      () => scalar("(time() % 60)"),
      () => scalar(`(pi() * ${this.number()})`),
    ])();
  }

  number(): string {
    const random = this.#random;
    return random.pick([
      () => String(random.whole(0, 10)),
      () => String(random.whole(0, 300)),
      () => `0.${random.whole(1, 99)}`,
      () => `.${random.whole(1, 9)}`,
      () => `-${random.whole(1, 20)}`,
      () => `${random.whole(1, 9)}e${random.whole(-3, 3)}`,
      () => random.pick(["Inf", "-Inf", "NaN", "0x1F", "1e300", "1e-9", "-0"]),
    ])();
  }

  #someMetrics(): readonly string[] {
    return this.#random.pick([floats, floats, counters, gauges, gauges, natives]);
  }
}
