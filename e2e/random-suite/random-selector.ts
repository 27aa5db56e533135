import type { Random } from "../harness/random.ts";
import { seconds } from "./fleet-series.ts";

type Labels = Readonly<Record<string, string>>;

const ranges = ["10s", "20s", "45s", "1m", "1m", "90s", "2m", "5m", "5m", "10m", "17m", "1m30s"] as const;
const offsets = ["10s", "1m", "7m", "11m13s", "0s"] as const;

/** Selectors of metrics that there are, in all the ways in which they can be written. */
export class RandomSelector {
  readonly #random: Random;
  readonly #metrics = new Map<string, Labels[]>();
  /** Version 3: names in quotes. */
  readonly #utf8Names: boolean;

  constructor(random: Random, series: readonly { labels: Labels }[], utf8Names: boolean) {
    this.#random = random;
    this.#utf8Names = utf8Names;
    for (const { labels } of series) {
      const name = labels["__name__"] ?? "";
      const known = this.#metrics.get(name);
      if (known) known.push(labels);
      else this.#metrics.set(name, [labels]);
    }
  }

  /** Any of these metrics, or of those that there are: its series at an instant. */
  instant(metrics: readonly string[]): string {
    return this.plain(metrics) + this.moved();
  }

  /** The same over a range. */
  range(metrics: readonly string[]): string {
    return `${this.plain(metrics)}[${this.#random.pick(ranges)}]${this.moved()}`;
  }

  /** Without a range or another time. */
  plain(metrics: readonly string[]): string {
    const random = this.#random;
    const there = metrics.filter((metric) => this.#metrics.has(metric));
    const metric = random.pick(there.length > 0 ? there : ["up"]);
    if (random.chance(0.03)) {
      const names = [metric, random.pick([...this.#metrics.keys()])].map((name) => escaped(name));
      return `{__name__=~${quoted(names.join("|"), random)}${this.matchers(metric)
        .map((one) => `, ${one}`)
        .join("")}}`;
    }
    return this.#written(metric, this.matchers(metric));
  }

  /** The same metric with the same matchers, twice or more. */
  matchers(metric: string): string[] {
    const random = this.#random;
    const count = random.pick([0, 0, 0, 0, 1, 1, 1, 2]);
    return Array.from({ length: count }, () => this.#matcher(this.#metrics.get(metric) ?? []));
  }

  /** Another time, now and then. */
  moved(): string {
    const random = this.#random;
    const offset = random.chance(0.12)
      ? ` offset ${random.chance(0.15) ? "-" : ""}${random.pick(offsets)}`
      : "";
    if (!random.chance(0.06)) return offset;
    const at = random.pick([" @ end()", " @ start()", ` @ T+${random.whole(0, seconds)}`]);
    return random.chance(0.5) ? at + offset : offset + at;
  }

  #written(metric: string, matchers: readonly string[]): string {
    const random = this.#random;
    const isIdentifier = /^[a-zA-Z_:][\w:]*$/.test(metric);
    const comma = random.chance(0.03) ? "," : "";
    const inBraces = (all: readonly string[]) => `{${all.join(random.pick([",", ",", ", "]))}${comma}}`;
    if (isIdentifier && random.chance(0.85)) {
      if (matchers.length > 0) return metric + inBraces(matchers);
      return random.chance(0.03) ? `${metric}{}` : metric;
    }
    if (this.#utf8Names && (!isIdentifier || random.chance(0.3)))
      return inBraces([quoted(metric, random), ...matchers]);
    const name = random.chance(0.5)
      ? `__name__=${quoted(metric, random)}`
      : `__name__=~${quoted(escaped(metric), random)}`;
    return inBraces(random.chance(0.5) ? [name, ...matchers] : [...matchers, name]);
  }

  #matcher(all: readonly Labels[]): string {
    const random = this.#random;
    const labels = random.pick(all);
    const names = Object.keys(labels).filter((name) => name !== "__name__");
    const name = names.length > 0 && random.chance(0.92) ? random.pick(names) : "absent";
    const value = labels[name] ?? "";
    const other = random.pick(all)[name] ?? "";
    const written = /^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name, random);
    const [operator, operand] = random.pick<readonly [string, string]>([
      ["=", value],
      ["=", value],
      ["!=", value],
      ["!=", value],
      ["=~", `${escaped(value)}|${escaped(other)}`],
      ["=~", `${escaped(Array.from(value).slice(0, 3).join(""))}.*`],
      ["=~", ".+"],
      ["=~", "(?i:.*[A-Z0-5].*)|"],
      ["!~", escaped(value)],
      ["!~", `.*${escaped(Array.from(value).slice(-2).join(""))}`],
      ["!~", ".*[5-9]:9100"],
      ["!=", ""],
      ["=", random.chance(0.3) ? "" : value],
    ]);
    return `${written}${random.chance(0.05) ? " " : ""}${operator}${quoted(operand, random)}`;
  }
}

/** A text of PromQL, in one of its three kinds of quotes. */
export function quoted(text: string, random: Random): string {
  const kind = random.next();
  // what JSON escapes, Go does, too
  if (kind < 0.8 || text.includes("\n")) return JSON.stringify(text);
  if (kind < 0.9 && !text.includes("`")) return `\`${text}\``;
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** The regular expression of a text. */
function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, (character) => `\\${character}`);
}
