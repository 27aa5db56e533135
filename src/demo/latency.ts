import type { ClassicBucket, NativeHistogram } from "../telemetry/exposition/metric-family.ts";

/** Of the native histogram: 8 buckets to a factor of two. */
const schema = 3;
const lowest = -80; // 2^-10 s, about 1 ms; the bucket holds what is quicker, too
const highest = 40; // 32 s; and this one what is slower
const classicBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Cell {
  /** s */
  upper: number;
  /** s; what an observation in it counts for in the sum. */
  mean: number;
  /** Index of the native bucket around it. */
  native: number;
  /** How many of the classic bounds lie below it. */
  classic: number;
}

/** The finest cut that both histograms' bounds make: each of their buckets is a union of cells. */
const cells: readonly Cell[] = makeCells();

function nativeBound(index: number): number {
  return 2 ** (index / 2 ** schema);
}

function makeCells(): Cell[] {
  const bounds: number[] = [...classicBounds];
  for (let index = lowest; index <= highest; index++) bounds.push(nativeBound(index));
  const ascending = [...new Set(bounds)].toSorted((one, other) => one - other);
  return ascending.map((upper, at) => {
    const lower = ascending[at - 1] ?? upper / 2;
    let native = lowest;
    while (nativeBound(native) < upper) native++;
    return {
      upper,
      mean: Math.sqrt(lower * upper),
      native,
      classic: classicBounds.filter((bound) => bound < upper).length,
    };
  });
}

/** How long requests of one kind take: log-logistic, so with a long tail, as real ones have. */
export interface LatencyShape {
  /** s */
  median: number;
  /** 3 has a long tail, 6 a short one. */
  steepness: number;
}

/** The share of observations in each cell; they add up to 1. */
export function cellShares({ median, steepness }: LatencyShape): readonly number[] {
  const upTo = (seconds: number) => 1 / (1 + (seconds / median) ** -steepness);
  let before = 0;
  return cells.map((cell, at) => {
    const upper = at === cells.length - 1 ? 1 : upTo(cell.upper);
    const share = upper - before;
    before = upper;
    return share;
  });
}

export interface LatencyState {
  count: number;
  sum: number;
  buckets: readonly ClassicBucket[];
  native: NativeHistogram;
}

/**
 * Both histograms of requests of several kinds, each given as how many there were and its cell shares. A cell's count
 * is rounded down by itself, so that no bucket ever falls as the requests grow and the two histograms always agree.
 */
export function latencyState(kinds: readonly { total: number; shares: readonly number[] }[]): LatencyState {
  const below = classicBounds.map(() => 0);
  const positive = new Map<number, number>();
  let count = 0;
  let sum = 0;
  for (const [at, cell] of cells.entries()) {
    let exact = 0;
    for (const { total, shares } of kinds) exact += total * (shares[at] ?? 0);
    const observed = Math.floor(exact);
    if (observed === 0) continue;
    count += observed;
    sum += observed * cell.mean;
    positive.set(cell.native, (positive.get(cell.native) ?? 0) + observed);
    for (let bound = cell.classic; bound < below.length; bound++)
      below[bound] = (below[bound] ?? 0) + observed;
  }
  const buckets = classicBounds.map((upperBound, at) => ({ upperBound, cumulativeCount: below[at] ?? 0 }));
  return { count, sum, buckets, native: { schema, zeroThreshold: 2 ** -128, zeroCount: 0, positive } };
}
