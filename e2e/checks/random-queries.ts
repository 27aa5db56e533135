import { readFileSync } from "node:fs";
import type { Check, CheckContext } from "../harness/check.ts";
import { Random } from "../harness/random.ts";
import type { Report } from "../harness/report.ts";
import { Workplace } from "../harness/workplace.ts";
import type { HistoryQuery } from "../histories/query.ts";
import { Findings, type Round, askRound } from "../random-suite/ask-round.ts";
import { type Knowing, fleetSeries } from "../random-suite/fleet-series.ts";
import { randomQuery } from "../random-suite/random-query.ts";
import { SuiteBed } from "../random-suite/suite-bed.ts";

/** Queries of one fleet: in the short form as many as `make test` has time for. PROMFLEET_QUERIES asks for another number. */
const queriesOfRound = { short: 900, long: 5000 };
/** How long the long form makes new fleets, s. PROMFLEET_SECONDS asks for another time. */
const soakSeconds = 3600;
/** The short form is the same in every run: what it finds is a change. */
const usualSeed = 2_718_281_828;

export const randomQueries: Check = {
  name: "random-queries",
  claim:
    "random queries, at least 5,000 in the long form, over a fleet of several shards answered like one Prometheus with the same samples",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("random-queries");
  const knowing: Knowing = {
    utf8Names: !prometheus.startsWith("2."),
    nativeHistograms: !prometheus.startsWith("2."),
  };
  const findings = new Findings();
  const replay = process.env["PROMFLEET_REPLAY"];
  const given = process.env["PROMFLEET_SEED"];
  const queries = Number(process.env["PROMFLEET_QUERIES"] ?? queriesOfRound[soak ? "long" : "short"]);
  const seconds = Number(process.env["PROMFLEET_SECONDS"] ?? soakSeconds);
  const began = performance.now();
  for (let rounds = 0; ; rounds++) {
    const drawn = soak ? Math.floor(Math.random() * 2 ** 32) : usualSeed;
    // each fleet of a long run has a seed of its own, so that it can be had again alone
    const round =
      replay === undefined ? newRound(Number(given ?? drawn), queries, knowing) : replayed(replay);
    report.figure("seed", `${round.seed} (PROMFLEET_SEED repeats it)`);
    await using bed = await SuiteBed.start(
      place,
      `round-${rounds}`,
      prometheus,
      fleetSeries(round.seed, knowing),
    );
    await askRound(bed, round, prometheus, report, findings);
    const isOver = performance.now() - began > seconds * 1000;
    if (!soak || given !== undefined || replay !== undefined || isOver) break;
  }
  claimEqual(report, findings);
  if (replay === undefined) claimTelling(report, findings, queries);
}

function newRound(seed: number, count: number, knowing: Knowing): Round {
  const series = fleetSeries(seed, knowing);
  const random = new Random(seed);
  const queries = Array.from({ length: count }, () => randomQuery(series, knowing, random.seed()));
  return { seed, queries };
}

/** What an earlier run has printed: the path of a file, or the text itself. */
function replayed(replay: string): Round {
  const text = replay.startsWith("{") ? replay : readFileSync(replay, "utf8");
  const { seed, query } = JSON.parse(text) as { seed: number; query: HistoryQuery };
  return { seed, queries: [query] };
}

function claimEqual(report: Report, { plain, exact, blind, ways, combinedExactly }: Findings): void {
  const planned = [...ways].map(([way, taken]) => `${taken} ${way}`).join(", ");
  const givenUp = [...ways.values()].reduce((sum, taken) => sum + taken, 0) - plain.queries;
  report.figure("ways", `${planned}; for ${givenUp} of these the first way was given up for evaluate`);
  report.figure("gateways", String(plain));
  report.figure("gateways, exact=1", String(exact));
  report.figure("gateway that lacks a shard", String(blind));
  report.claim("like one Prometheus", plain.different === 0, `${plain.different} of ${plain.queries} differ`);
  report.claim(
    "like one Prometheus with exact=1",
    exact.different === 0,
    `${exact.different} of ${exact.queries} differ`,
  );
  const annotations = plain.otherAnnotations + exact.otherAnnotations;
  report.claim("with the same annotations", annotations === 0, `${annotations} have others`);
  report.claim("exact=1 puts nothing together", combinedExactly === 0, combinedExactly);
}

/** That the queries, and the comparison, are worth something. */
function claimTelling(report: Report, { plain, blind, ways }: Findings, queries: number): void {
  report.claim(`at least ${queries} queries`, plain.queries >= queries, plain.queries);
  report.claim("most queries give something", plain.notEmpty > plain.queries / 2, plain.notEmpty);
  report.claim("few are refused", plain.errors < plain.queries / 10, plain.errors);
  const evaluated = ["concat", "combine", "cut", "evaluate"] as const;
  report.claim(
    "by every way",
    evaluated.every((way) => (ways.get(way) ?? 0) > plain.queries / 20),
  );
  report.claim(
    "without a shard it is wrong",
    blind.different > blind.notEmpty / 2,
    `${blind.different} differ of ${blind.notEmpty} that are not empty`,
  );
}
