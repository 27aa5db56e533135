import { readFileSync } from "node:fs";
import type { Check, CheckContext } from "../harness/check.ts";
import { startThanos } from "../harness/thanos.ts";
import { Workplace } from "../harness/workplace.ts";
import { askQuery, compareExactly, compareWith } from "../histories/ask-query.ts";
import { HistoryBed, type PlacedHistory } from "../histories/bed.ts";
import type { Anomaly, History } from "../histories/history.ts";
import { type HistoryQuery, promql, queryParams } from "../histories/query.ts";
import { randomHistory } from "../histories/random-history.ts";
import { randomQuery } from "../histories/random-query.ts";
import { Random } from "../harness/random.ts";
import { type SuiteQuestion, askSuite, suiteQuestions } from "../random-suite/suite-over-histories.ts";
import { type Failure, shrink } from "../histories/shrink.ts";
import { Tally } from "../histories/tally.ts";

/** How many queries are asked at once. */
const atOnce = 4;
/** The gateway that knows of no gaps is asked only so many of them: it shows that the check can fail. */
const blindEvery = 4;
/** Missed scrapes that nobody reaches: with it nothing is a gap. */
const nothingIsAGap = 1000;

export const histories: Check = {
  name: "histories",
  claim:
    "replicas with gaps, never both at once: every answer is that of one Prometheus with every sample, to its own queries and to those of the random suite",
  bothVersions: false,
  soakOnly: false,
  run,
};

interface Question extends PlacedHistory {
  query: HistoryQuery;
}

/** What is asked. */
interface Questions {
  own: readonly Question[];
  ofSuite: readonly SuiteQuestion[];
}

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("histories");
  const replay = process.env["PROMFLEET_REPLAY"];
  // the short form is the same in every run: what it finds is a change
  const seed = Number(
    process.env["PROMFLEET_SEED"] ?? (soak ? Math.floor(Math.random() * 2 ** 32) : 4157903933),
  );
  report.figure("seed", `${seed} (PROMFLEET_SEED repeats it)`);
  const bed = await HistoryBed.start(place, prometheus);
  const { own: questions, ofSuite } = await (replay === undefined
    ? randomQuestions(bed, seed, soak ? [200, 100] : [12, 40])
    : replayed(bed, replay));
  const kinds = countKinds([...questions, ...ofSuite.map(({ placed }) => placed)]);
  report.figure("anomalies", [...kinds].map(([kind, count]) => `${count} ${kind}`).join(", "));

  const gateway = await bed.gateway(0);
  const blind = await bed.gateway(nothingIsAGap);
  const thanos = await startThanos(await bed.folder("thanos"), bed.fleet.flat(), ["replica", "shard"]);
  const tallies = { gateway: new Tally(), thanos: new Tally(), blind: new Tally() };
  let points = 0;
  const failures: Failure[] = [];
  const rest = [...questions.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, { history, base, query }] = next;
      const params = queryParams(query, base);
      const want = await askQuery(bed.reference, params);
      const compare = async (url: string, tally: Tally) => {
        const began = performance.now();
        const got = await askQuery(url, params);
        const compared = compareExactly(want, got);
        tally.add(compared, performance.now() - began);
        return compared;
      };
      const began = performance.now();
      const compared = await compareWith(want, gateway.url, params);
      tallies.gateway.add(compared, performance.now() - began);
      const { difference, notEmpty } = compared;
      if (notEmpty) points++;
      if (difference !== undefined) failures.push({ placed: { history, base }, query, difference });
      await compare(thanos, tallies.thanos);
      if (index % blindEvery === 0) await compare(blind.url, tallies.blind);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));

  report.figure("gateway", String(tallies.gateway));
  report.figure("Thanos Query", String(tallies.thanos));
  report.figure("gateway to which nothing is a gap", String(tallies.blind));
  for (const { placed, query, difference } of failures.slice(0, 10))
    report.figure("differs", `${promql(query.expression, placed.base)}: ${difference}`);
  const [first] = failures;
  if (first) {
    const smallest = await shrink(bed, gateway.url, first);
    const { history, base } = smallest.placed;
    report.figure("smallest", `${promql(smallest.query.expression, base)}: ${smallest.difference}`);
    report.figure("PROMFLEET_REPLAY", JSON.stringify({ history, query: smallest.query }));
  }
  report.claim(
    "like one Prometheus",
    failures.length === 0,
    `${failures.length} of ${questions.length} differ`,
  );
  await askSuite(ofSuite, bed.reference, gateway.url, prometheus, report);
  if (replay !== undefined) return;
  report.claim("most queries give something", points > questions.length / 2, points);
  report.claim(
    "without coverage it is wrong",
    tallies.blind.different > 0,
    `${tallies.blind.different} differ`,
  );
}

async function randomQuestions(
  bed: HistoryBed,
  seed: number,
  [count, queries]: readonly [number, number],
): Promise<Questions> {
  const random = new Random(seed);
  const drawn = Array.from({ length: count }, () => ({
    history: randomHistory(random.seed()),
    seeds: Array.from({ length: queries }, () => random.seed()),
  }));
  await bed.register(drawn.map(({ history }) => history));
  const all: PlacedHistory[] = [];
  const own: Question[] = [];
  for (const { history, seeds } of drawn) {
    const placed = await bed.write(history);
    all.push(placed);
    for (const one of seeds) own.push({ ...placed, query: randomQuery(history, one) });
  }
  // its own numbers: what is asked besides stays the same
  return { own, ofSuite: suiteQuestions(all, queries, new Random(seed + 1)) };
}

/** What an earlier run has printed: the path of a file, or the text itself. */
async function replayed(bed: HistoryBed, replay: string): Promise<Questions> {
  const text = replay.startsWith("{") ? replay : readFileSync(replay, "utf8");
  const { history, query, suite } = JSON.parse(text) as {
    history: History;
    query: HistoryQuery;
    suite?: boolean;
  };
  await bed.register([history]);
  const placed = await bed.write(history);
  return suite ? { own: [], ofSuite: [{ placed, query }] } : { own: [{ ...placed, query }], ofSuite: [] };
}

function countKinds(questions: readonly PlacedHistory[]): Map<Anomaly["kind"], number> {
  const counts = new Map<Anomaly["kind"], number>();
  for (const history of new Set(questions.map(({ history }) => history)))
    for (const { kind } of history.anomalies) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
