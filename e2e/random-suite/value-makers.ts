import type { Random } from "../harness/random.ts";

/** By scrape, in Prometheus' own notation; undefined where the target does not show the series. */
export type Values = readonly (string | undefined)[];

/** Values for so many scrapes. */
export type ValueMaker = (scrapes: number, random: Random) => Values;

function each(scrapes: number, value: (at: number) => string | undefined): Values {
  return Array.from({ length: scrapes }, (_, at) => value(at));
}

/** @param most added from one scrape to the next; not a whole number, so that sums of rates are rounded */
export function counter(most: number): ValueMaker {
  return (scrapes, random) => {
    let value = random.whole(0, 100_000);
    return each(scrapes, () => {
      if (random.chance(0.015)) value = random.between(0, most);
      else if (random.chance(0.9)) value += random.between(0, most);
      return String(value);
    });
  };
}

/** Above zero, no two alike, with all bits of a float in use. */
export const gauge: ValueMaker = (scrapes, random) => {
  let level = random.between(50, 500);
  return each(scrapes, () => {
    level = Math.abs(level + random.between(-9, 9)) + 0.1;
    return String(level);
  });
};

/** Of both signs: sums of them lose much of what they are made of. */
export const signed: ValueMaker = (scrapes, random) =>
  each(scrapes, () => String(random.between(-1000, 1000)));

const oddities = ["NaN", "+Inf", "-Inf", "-0", "0", "1e-9", "-1e-9", "4294967296.5"] as const;

/** Small numbers, among them all that is none, and now and then nothing else. */
export const odd: ValueMaker = (scrapes, random) => {
  const usual = random.chance(0.3) ? random.pick(oddities) : undefined;
  return each(scrapes, () => {
    if (random.chance(0.1)) return random.pick(oddities);
    return usual ?? String(random.whole(-20, 20));
  });
};

/** All of one size, far from that of others. */
export function sized(size: number): ValueMaker {
  return (scrapes, random) => each(scrapes, () => String(size * random.between(0.5, 5)));
}

/** Of both signs, two of them are too much for a float. */
export const overflowing: ValueMaker = (scrapes, random) => {
  const sign = random.pick([1, 1, -1]);
  return each(scrapes, () => String(sign * random.between(1, 1.7) * 1e308));
};

/** Few values, the same in many series. */
export const tied: ValueMaker = (scrapes, random) => {
  let value = random.whole(1, 3);
  return each(scrapes, () => {
    if (random.chance(0.05)) value = random.whole(1, 3);
    return String(value);
  });
};

export const always: (value: string) => ValueMaker = (value) => (scrapes) => each(scrapes, () => value);

/** There for a while, away for a while. */
export function comingAndGoing(maker: ValueMaker): ValueMaker {
  return (scrapes, random) => {
    const isThere: boolean[] = [];
    let shows = random.chance(0.5);
    while (isThere.length < scrapes) {
      const length = random.whole(2, 50);
      for (let at = 0; at < length; at++) isThere.push(shows);
      shows = !shows;
    }
    return maker(scrapes, random).map((value, at) => (isThere[at] ? value : undefined));
  };
}

/** Whole numbers that count up: what a native histogram has observed. */
export const observations: ValueMaker = (scrapes, random) => {
  let count = random.whole(0, 1000);
  return each(scrapes, () => {
    count = random.chance(0.01) ? random.whole(0, 40) : count + random.whole(0, 40);
    return String(count);
  });
};

/** The cumulative counts of the buckets of a classic histogram, the last one of all observations. */
export function cumulativeBuckets(buckets: number, scrapes: number, random: Random): Values[] {
  const counts = Array.from({ length: buckets }, () => random.whole(0, 500));
  const values = counts.map((): string[] => []);
  for (let at = 0; at < scrapes; at++) {
    const isReset = random.chance(0.01);
    let sum = 0;
    for (const [bucket, count] of counts.entries()) {
      const next = (isReset ? 0 : count) + random.whole(0, 30);
      counts[bucket] = next;
      sum += next;
      values[bucket]?.push(String(sum));
    }
  }
  return values;
}
