import type { Report } from "../harness/report.ts";
import type { Random } from "../harness/random.ts";
import { askQuery } from "../histories/ask-query.ts";
import type { PlacedHistory } from "../histories/bed.ts";
import { type HistoryQuery, promql, queryParams } from "../histories/query.ts";
import { allSamples } from "../histories/replica-samples.ts";
import { smallestQuery } from "../histories/smallest-query.ts";
import type { Knowing } from "./fleet-series.ts";
import { Judge, type Verdict } from "./judge.ts";
import { randomQuery } from "./random-query.ts";
import { SuiteTally } from "./suite-tally.ts";

/** How many queries are asked at once. */
const atOnce = 4;
/** One in so many is asked again, to be answered to the bit. */
const exactEvery = 10;
/** Differences that are printed. */
const mostShown = 10;
/** Names that are no identifiers may be written, though there are none; native histograms there are. */
const knowing: Knowing = { utf8Names: true, nativeHistograms: true };

/** A query of the suite's grammar, of a history. */
export interface SuiteQuestion {
  placed: PlacedHistory;
  query: HistoryQuery;
}

/** @param queries of each history */
export function suiteQuestions(
  histories: readonly PlacedHistory[],
  queries: number,
  random: Random,
): SuiteQuestion[] {
  return histories.flatMap((placed) => {
    const series = allSamples(placed.history, placed.base).flatMap((target) => target.series);
    return Array.from({ length: queries }, () => ({
      placed,
      query: randomQuery(series, knowing, random.seed()),
    }));
  });
}

/** Asks a gateway whose replicas have gaps, and the reference that has none, and claims that there is no difference. */
export async function askSuite(
  questions: readonly SuiteQuestion[],
  reference: string,
  gateway: string,
  version: string,
  report: Report,
): Promise<void> {
  const judge = new Judge([reference], version);
  const ask = async ({ placed, query }: SuiteQuestion, isExact = false): Promise<Verdict> => {
    const params = queryParams(query, placed.base);
    const want = await askQuery(reference, params);
    const got = await askQuery(gateway, isExact ? { ...params, exact: "1" } : params);
    return await judge.compare(want, got, params, isExact);
  };
  const [plain, exact] = [new SuiteTally(), new SuiteTally()];
  const wrong: (SuiteQuestion & { difference: string })[] = [];
  const rest = questions.entries();
  const worker = async () => {
    for (const [at, question] of rest) {
      const verdict = await ask(question);
      plain.add(verdict);
      const difference = differenceOf(verdict);
      if (difference !== undefined) wrong.push({ ...question, difference });
      if (at % exactEvery !== 0) continue;
      const exactly = await ask(question, true);
      exact.add(exactly);
      const exactDifference = differenceOf(exactly);
      if (exactDifference !== undefined)
        report.figure("differs with exact=1", textOf({ ...question, difference: exactDifference }));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));

  report.figure("the random suite's queries", String(plain));
  report.figure("the random suite's queries, exact=1", String(exact));
  for (const one of wrong.slice(0, mostShown)) report.figure("differs", textOf(one));
  const [first] = wrong;
  if (first) {
    const { placed } = first;
    const smallest = await smallestQuery(first, async (query) => differenceOf(await ask({ placed, query })));
    report.figure("smallest", textOf({ placed, ...smallest }));
    report.figure(
      "PROMFLEET_REPLAY",
      JSON.stringify({ history: placed.history, query: smallest.query, suite: true }),
    );
  }
  const claim = (name: string, { queries, different, otherAnnotations }: SuiteTally) => {
    report.claim(name, different === 0, `${different} of ${queries} differ`);
    report.claim(`${name}: the same annotations`, otherAnnotations === 0, `${otherAnnotations} have others`);
  };
  claim("the random suite over these histories, like one Prometheus", plain);
  claim("the same with exact=1", exact);
}

const differenceOf = ({ difference, annotations }: Verdict): string | undefined => difference ?? annotations;

/** With its times, for a person. */
function textOf({ placed, query, difference }: SuiteQuestion & { difference: string }): string {
  const { start, end, step } = query;
  const when = step === undefined ? `at ${end}` : `from ${start} to ${end} by ${step}`;
  const text = JSON.stringify(promql(query.expression, placed.base));
  return `${text} ${when} s after ${placed.base}: ${difference.slice(0, 500)}`;
}
