import { api, ask } from "./http.ts";

/** A query at a fixed time, or over fixed times. Times in s since 1970. */
export interface FixedQuery {
  query: string;
  start: number;
  end: number;
  /** 0: an instant query at `end`. */
  step: number;
  /** Sums differ by the order in which series are added up. */
  isSum: boolean;
}

/** s that a query looks back at most. */
const longestRange = 5;

const shapes: readonly ((metric: string, range: number) => string)[] = [
  (metric) => metric,
  (metric, range) => `${metric}[${range}s]`,
  (metric, range) => `rate(${metric}[${range}s])`,
  (metric, range) => `increase(${metric}[${range}s])`,
  (metric, range) => `count_over_time(${metric}[${range}s])`,
  (metric, range) => `last_over_time(${metric}[${range}s])`,
  (metric) => `timestamp(${metric})`,
  (metric) => `count by (job, instance) (${metric})`,
  (metric) => `max by (job) (${metric})`,
  (metric, range) => `sum by (job) (rate(${metric}[${range}s]))`,
  (metric, range) => `histogram_quantile(0.9, rate(${metric}[${range}s]))`,
  (metric) => `histogram_count(${metric})`,
];

/**
 * Queries that look at nothing outside a stretch of time.
 * @param metrics names to choose from
 * @param range s since 1970; at least twice as long as a query looks back
 */
export function randomQueries(
  count: number,
  metrics: readonly string[],
  range: { from: number; to: number },
  random: () => number,
): FixedQuery[] {
  const among = <T>(list: readonly T[]): T => {
    const one = list[Math.floor(random() * list.length)];
    if (one === undefined) throw new Error("there is nothing to choose from");
    return one;
  };
  const first = range.from + longestRange;
  const between = (from: number, to: number) => Math.round((from + random() * (to - from)) * 1000) / 1000;
  return Array.from({ length: count }, () => {
    const query = among(shapes)(among(metrics), 2 + Math.floor(random() * (longestRange - 1)));
    const isRange = !query.endsWith("]") && random() < 0.5;
    const end = between(isRange ? (first + range.to) / 2 : first, range.to);
    const start = isRange ? between(first, end) : end;
    return { query, start, end, step: isRange ? among([0.5, 1, 3]) : 0, isSum: query.startsWith("sum") };
  });
}

interface Result {
  metric: Record<string, string>;
  [points: string]: unknown;
}

/** What a server answers, ordered by labels. @throws when it is no success */
export async function answerTo(base: string, { query, start, end, step }: FixedQuery): Promise<Result[]> {
  const { result } =
    step === 0
      ? await api<{ result: Result[] }>(base, "query", { query, time: String(end) })
      : await api<{ result: Result[] }>(base, "query_range", {
          query,
          start: String(start),
          end: String(end),
          step: String(step),
        });
  const named = result.map((one) => ({ name: nameOf(one.metric), one }));
  return named.toSorted((left, right) => (left.name < right.name ? -1 : 1)).map(({ one }) => one);
}

/** What a gateway answers, without the series of other shards. @param instances of the shard's targets */
export async function answerOfShard(
  gateway: string,
  query: FixedQuery,
  instances: readonly string[],
): Promise<Result[]> {
  return (await answerTo(gateway, query)).filter(({ metric }) =>
    instances.includes(metric["instance"] ?? ""),
  );
}

/** Whether a series of its answer may be made of series of several shards: a job's targets are on all of them. */
export function isOverShards({ query }: FixedQuery): boolean {
  return query.includes("by (job)");
}

function nameOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Where two answers differ, undefined where they do not: to the bit, sums by 1e-12 of their size. */
export function difference(
  { query, end, isSum }: FixedQuery,
  before: readonly Result[],
  after: readonly Result[],
): string | undefined {
  const where = `${query} at ${end}`;
  if (before.length !== after.length) return `${where}: ${after.length} series instead of ${before.length}`;
  for (const [index, one] of before.entries()) {
    const [left, right] = [canonical(one), canonical(after[index])];
    if (left !== right && !(isSum && isNear(left, right)))
      return `${where}: ${right.slice(0, 300)} instead of ${left.slice(0, 300)}`;
  }
  return undefined;
}

function canonical(result: Result | undefined): string {
  return result ? JSON.stringify({ ...result, metric: nameOf(result.metric) }) : "nothing";
}

const number = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

function isNear(left: string, right: string): boolean {
  if (left.replaceAll(number, "") !== right.replaceAll(number, "")) return false;
  const others = [...right.matchAll(number)].map(([text]) => Number(text));
  return [...left.matchAll(number)].every(([text], index) => {
    const [a, b] = [Number(text), others[index] ?? Number.NaN];
    return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
  });
}

/** Every name of a metric that a server has in a stretch of time, s. */
export async function metricNames(base: string, range: { from: number; to: number }): Promise<string[]> {
  return await api<string[]>(base, "label/__name__/values", {
    start: String(range.from),
    end: String(range.to),
  });
}

/** Whether anybody answers there. */
export async function answers(base: string): Promise<boolean> {
  return await ask(`${base}/-/ready`, { withinMs: 2000 }).then(
    ({ status }) => status === 200,
    () => false,
  );
}
