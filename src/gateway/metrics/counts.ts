import type { CounterSample, HistogramSample } from "../../telemetry/exposition/metric-family.ts";

/** A counter with labels. */
export class Counts<Name extends string> {
  readonly #names: readonly Name[];
  readonly #samples = new Map<string, { labels: Record<Name, string>; value: number }>();

  /** @param from the series that are there from the start, at zero, so that their first increase shows */
  constructor(names: readonly Name[], from: readonly Record<Name, string>[] = []) {
    this.#names = names;
    for (const labels of from) this.add(labels, 0);
  }

  add(labels: Record<Name, string>, value = 1): void {
    const key = JSON.stringify(this.#names.map((name) => labels[name]));
    const sample = this.#samples.get(key);
    if (sample) sample.value += value;
    else this.#samples.set(key, { labels, value });
  }

  get samples(): CounterSample[] {
    return [...this.#samples.values()];
  }
}

/** A histogram with one label, or without one. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #name: string | undefined;
  readonly #of = new Map<string, { buckets: number[]; count: number; sum: number }>();

  /**
   * @param bounds ascending
   * @param from values of the label that are there from the start
   */
  constructor(
    bounds: readonly number[],
    name?: string,
    from: readonly string[] = name === undefined ? [""] : [],
  ) {
    this.#bounds = bounds;
    this.#name = name;
    for (const value of from) this.#for(value);
  }

  observe(amount: number, value = ""): void {
    const seen = this.#for(value);
    const at = this.#bounds.findIndex((bound) => amount <= bound);
    if (at >= 0) seen.buckets[at] = (seen.buckets[at] ?? 0) + 1;
    seen.count++;
    seen.sum += amount;
  }

  get samples(): HistogramSample[] {
    return [...this.#of].map(([value, { buckets, count, sum }]) => {
      let cumulativeCount = 0;
      return {
        labels: this.#name === undefined ? {} : { [this.#name]: value },
        count,
        sum,
        buckets: this.#bounds.map((upperBound, at) => {
          cumulativeCount += buckets[at] ?? 0;
          return { upperBound, cumulativeCount };
        }),
      };
    });
  }

  #for(value: string): { buckets: number[]; count: number; sum: number } {
    const known = this.#of.get(value);
    if (known) return known;
    const fresh = { buckets: this.#bounds.map(() => 0), count: 0, sum: 0 };
    this.#of.set(value, fresh);
    return fresh;
  }
}
