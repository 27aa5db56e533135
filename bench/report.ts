import type { Throughput } from "./throughput.ts";
import type { TimedQuestion } from "./paired-timing.ts";

/** Everything that a run found out; the first target is the one that the others are compared with. */
export interface Findings {
  ranOn: { node: string; prometheus: string; cpus: number; cpu: string; load: [number, number] };
  data: { series: number; shards: number; seconds: number; everySeconds: number };
  rounds: number;
  connections: number;
  targets: {
    name: string;
    what: string;
    base?: string;
    peakRssMegabytes?: number;
    ways?: Record<string, number>;
  }[];
  timed: TimedQuestion[];
  throughput: Throughput[];
}

/** One object a row, with ratios; times in ms. */
export function toJson({ timed, throughput, targets, ...rest }: Findings): string {
  const [reference] = throughput;
  const rows = timed.map(({ question, bytes, timings }) => ({
    name: question.name,
    path: question.path,
    params: question.params,
    bytes,
    ...Object.fromEntries(
      timings.flatMap((timing, at) => {
        if (!timing) return [];
        const base = baseOf(targets, timings, at) ?? timing;
        const ratios = { ratio: timing.median / base.median, ratioOfMin: timing.min / base.min };
        return [[targets[at]?.name, { ...timing, ...ratios }]];
      }),
    ),
  }));
  const rates = Object.fromEntries(
    throughput.map((one, at) => [
      targets[at]?.name,
      { ...one, ratio: one.perSecond / (reference?.perSecond ?? Number.NaN) },
    ]),
  );
  return JSON.stringify({ ...rest, targets, rows, throughput: rates }, undefined, 2);
}

/** The tables that a person reads. */
export function toText(findings: Findings): string {
  const { ranOn, data, rounds, targets } = findings;
  return [
    `Node ${ranOn.node}, Prometheus ${ranOn.prometheus}, ${ranOn.cpus} × ${ranOn.cpu}`,
    `load average ${ranOn.load.map((load) => load.toFixed(2)).join(" before, ")} after: over ${ranOn.cpus}, somebody else is at work`,
    `${data.series} series, ${data.seconds / 60} min at ${data.everySeconds} s, ${data.shards} shards; median of ${rounds} rounds (in brackets: the fastest)`,
    ...targets.map(({ name, what }) => `  ${name.padEnd(9)} ${what}`),
    "",
    formatTable(timingRows(findings)),
    "",
    formatTable(throughputRows(findings)),
    "",
    ...targets.flatMap(({ name, peakRssMegabytes, ways }) =>
      peakRssMegabytes === undefined
        ? []
        : [
            `${name}: gateway at most ${peakRssMegabytes} MB resident; queries by way: ${waysText(ways ?? {})}`,
          ],
    ),
  ].join("\n");
}

function timingRows({ targets, timed }: Findings): string[][] {
  const head = targets.flatMap(({ name, base }, at) =>
    at === 0 ? [`${name} ms`] : [`${name} ms`, base === undefined ? "ratio" : `to ${base}`],
  );
  return [
    ["", "answer", ...head],
    ...timed.map(({ question, bytes, timings }) => [
      question.name,
      formatBytes(bytes),
      ...timings.flatMap((timing, at) => {
        if (!timing) return ["–", "–"];
        const cell = `${formatMs(timing.median)} (${formatMs(timing.min)})`;
        const base = baseOf(targets, timings, at);
        const ratio = base
          ? `${(timing.median / base.median).toFixed(2)} (${(timing.min / base.min).toFixed(2)})`
          : "–";
        return at === 0 ? [cell] : [cell, ratio];
      }),
    ]),
  ];
}

function throughputRows({ targets, throughput, connections }: Findings): string[][] {
  const reference = throughput[0]?.perSecond ?? Number.NaN;
  return [
    [`${connections} connections, small instant queries`, "a second", "ratio", "p50 ms", "p99 ms"],
    ...throughput.map(({ perSecond, p50, p99 }, at) => [
      targets[at]?.name ?? "",
      perSecond.toFixed(0),
      (perSecond / reference).toFixed(2),
      formatMs(p50),
      formatMs(p99),
    ]),
  ];
}

/** What a target's timing of a question is compared with; undefined where that was not asked. */
function baseOf(
  targets: Findings["targets"],
  timings: TimedQuestion["timings"],
  at: number,
): TimedQuestion["timings"][number] {
  const base = targets[at]?.base;
  return timings[base === undefined ? 0 : targets.findIndex(({ name }) => name === base)];
}

const waysText = (ways: Record<string, number>): string =>
  Object.entries(ways)
    .map(([way, count]) => `${way} ${count}`)
    .join(", ");

const formatMs = (ms: number): string => ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 100_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The first column to the left, the others to the right. */
function formatTable(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
