/** Numbers that look random and are the same again for the same seed. */
export class Random {
  #state: number;

  /** @param seed a whole number; only its lowest 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both bounds included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** Any number from one to, without, the other. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(some: readonly [T, ...T[]] | readonly T[]): T {
    const picked = some[this.whole(0, some.length - 1)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  /** Between one and `most` of them, none twice. */
  some<T>(all: readonly T[], most: number): T[] {
    const rest = [...all];
    const count = Math.min(rest.length, this.whole(1, most));
    return Array.from({ length: count }, () => rest.splice(this.whole(0, rest.length - 1), 1)).flat();
  }

  /** A seed for another one. */
  seed(): number {
    return Math.floor(this.next() * 2 ** 32);
  }
}

/** The seed of this run: PROMFLEET_SEED repeats one. */
export function seedOfRun(): number {
  const given = process.env["PROMFLEET_SEED"];
  return given === undefined ? Date.now() % 1_000_000 : Number(given);
}
