import type { ReadMatcher, ReadQuery } from "../../src/remote-read/read-request.ts";
import type { CheckContext } from "../harness/check.ts";
import { Random } from "../harness/random.ts";
import type { Workplace } from "../harness/workplace.ts";
import { HistoryBed, type PlacedHistory } from "../histories/bed.ts";
import { historySeconds } from "../histories/history.ts";
import { randomHistory } from "../histories/random-history.ts";
import { comparable, countOf, difference, readAll } from "./raw-read.ts";

/** Missed scrapes that nobody reaches: with it nothing is a gap. */
const nothingIsAGap = 1000;

const matchers: readonly (readonly ReadMatcher[])[] = [
  [{ op: "!=", name: "__name__", value: "" }],
  [{ op: "=", name: "__name__", value: "requests_total" }],
  [{ op: "=", name: "__name__", value: "duration_seconds" }],
  [{ op: "=~", name: "job", value: "api|edge" }],
];

/** Replicas that have missed samples, never both the same: raw reads give what one server has that missed none. */
export async function gaps({ report, soak, prometheus }: CheckContext, place: Workplace): Promise<void> {
  const random = new Random(20_261_126);
  const bed = await HistoryBed.start(place, prometheus);
  const histories: PlacedHistory[] = [];
  for (let at = 0; at < (soak ? 30 : 4); at++) histories.push(await bed.write(randomHistory(random.seed())));
  const gateway = await bed.gateway(0);
  const blind = await bed.gateway(nothingIsAGap);
  let samples = 0;
  let blindDiffers = 0;
  const wrong: string[] = [];
  const requests = histories.flatMap(({ base }) => Array.from({ length: 6 }, () => randomRead(random, base)));
  for (const queries of requests) {
    // answers of samples of 2.42 know no native histograms, and end a series at the first one
    const forms = prometheus.startsWith("2.") ? (["chunks"] as const) : (["samples", "chunks"] as const);
    for (const form of forms) {
      const want = comparable(await readAll(bed.reference, queries, form));
      samples += countOf(want).samples;
      const ask = async (url: string) => {
        try {
          return difference(want, comparable(await readAll(url, queries, form)));
        } catch (error) {
          return String(error);
        }
      };
      const differs = await ask(gateway.url);
      if (differs !== undefined) wrong.push(`${form}: ${differs}`);
      if ((await ask(blind.url)) !== undefined) blindDiffers++;
    }
  }
  for (const one of wrong.slice(0, 5)) report.figure("differs", one.slice(0, 600));
  report.claim(
    "replicas with gaps: a read finds exactly the samples of one that has none",
    wrong.length === 0,
    `${wrong.length} of ${requests.length} requests differ, ${samples} samples`,
  );
  report.claim("without coverage it is wrong", blindDiffers > 0, `${blindDiffers} requests differ`);
}

function randomRead(random: Random, base: number): ReadQuery[] {
  return Array.from({ length: random.whole(1, 3) }, () => {
    const from = random.whole(-100, historySeconds);
    const to = random.whole(from, historySeconds + 100);
    return {
      start: BigInt((base + from) * 1000),
      end: BigInt((base + to) * 1000),
      matchers: random.pick(matchers),
      hints: undefined,
    };
  });
}
