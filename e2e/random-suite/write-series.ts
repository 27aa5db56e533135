import { remoteWriteHistograms } from "../harness/histogram-samples.ts";
import type { Random } from "../harness/random.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { type ScrapedSeries, written } from "../histories/target-samples.ts";

/**
 * Writes series to a server in an order, which is the one in which it evaluates them. One whose samples have become histograms is there
 * twice, one after the other.
 */
export async function writeSeries(url: string, series: readonly ScrapedSeries[]): Promise<void> {
  for (let from = 0; from < series.length;) {
    const isNative = series[from]?.isNative;
    const end = series.findIndex((one, at) => at > from && one.isNative !== isNative);
    const alike = series.slice(from, end < 0 ? undefined : end);
    const { floats, histograms } = written(alike);
    if (floats.length > 0) await remoteWrite(url, floats);
    if (histograms.length > 0) await remoteWriteHistograms(url, histograms);
    from += alike.length;
  }
}

/** In the order of their labels, in which an evaluator gets series from shards. */
export function inOrderOfLabels(series: readonly ScrapedSeries[]): ScrapedSeries[] {
  return series
    .map((one) => ({ one, key: sortedLabels(one.labels) }))
    .toSorted((left, right) => compareLabels(left.key, right.key))
    .map(({ one }) => one);
}

/** In any order. */
export function shuffled(series: readonly ScrapedSeries[], random: Random): ScrapedSeries[] {
  const groups = Map.groupBy(series, ({ labels }) => JSON.stringify(labels));
  return [...groups.values()]
    .map((group) => ({ group, place: random.next() }))
    .toSorted((left, right) => left.place - right.place)
    .flatMap(({ group }) => group);
}

type Labels = readonly (readonly [name: Buffer, value: Buffer])[];

function sortedLabels(labels: Readonly<Record<string, string>>): Labels {
  return Object.entries(labels)
    .map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
    .toSorted(([left], [right]) => Buffer.compare(left, right));
}

/** As labels.Compare of Prometheus: label by label, each by name and then value; the shorter set first. */
function compareLabels(left: Labels, right: Labels): number {
  for (const [at, [name, value]] of left.entries()) {
    const other = right[at];
    if (!other) return 1;
    const order = Buffer.compare(name, other[0]) || Buffer.compare(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
