import { compareAnswers } from "../conformance/compare.ts";
import type { ApiAnswer } from "../harness/http.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import type { Workplace } from "../harness/workplace.ts";
import { type Answers, sendQuestion } from "./asking.ts";
import { type ChaosReplica, times } from "./chaos-fleet.ts";
import type { Question } from "./questions.ts";
import { type Gap, scrapeGaps } from "./scrape-gaps.ts";

/** One replica a shard, and a stock Prometheus that evaluates over exactly these. */
interface Combination {
  replicas: readonly ChaosReplica[];
  evaluator: string;
}

export interface Judgement {
  answers: number;
  bitEqual: number;
  /** Answers to which no replica of some shard had all samples: they must be a cut between them, which is not looked at here. */
  cuts: number;
  /** The earliest first. */
  wrong: Wrong[];
}

export interface Wrong {
  /** s of the run. */
  at: number;
  question: Question;
  why: string;
}

/** Questions that are asked again at a time: evaluators and servers share this machine. */
const atOnce = 4;

/** Asks everything again, of the replicas directly. */
export class Judge {
  readonly #combinations: readonly Combination[];
  readonly #gaps: ReadonlyMap<ChaosReplica, readonly Gap[]>;

  private constructor(combinations: readonly Combination[], gaps: ReadonlyMap<ChaosReplica, readonly Gap[]>) {
    this.#combinations = combinations;
    this.#gaps = gaps;
  }

  /** @param since s since 1970: all replicas have scraped from here on */
  static async start(
    place: Workplace,
    version: string,
    replicas: readonly ChaosReplica[],
    since: number,
  ): Promise<Judge> {
    const now = Date.now() / 1000;
    const gaps = new Map<ChaosReplica, Gap[]>();
    for (const replica of replicas) gaps.set(replica, await scrapeGaps(replica, since, now));
    const of = (shard: number) => replicas.filter((replica) => replica.shard === shard);
    const pairs = of(0).flatMap((first) => of(1).map((second) => [first, second]));
    const combinations = pairs.map(async (pair) => {
      const reads = pair.map(({ url }) => ({ url: `${url}/api/v1/read`, read_recent: true }));
      const { url } = await startPrometheus({
        folder: place.path(`judge-${pair.map(({ name }) => name).join("")}`),
        version,
        config: `${JSON.stringify({ remote_read: reads })}\n`,
        flags: [`--query.lookback-delta=${times.lookback}s`],
      });
      return { replicas: pair, evaluator: url };
    });
    return new Judge(await Promise.all(combinations), gaps);
  }

  /** Seconds that the replica was away, of all targets together. */
  missed(replica: ChaosReplica): number {
    return (this.#gaps.get(replica) ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  }

  async judge(all: readonly Answers[]): Promise<Judgement> {
    const judgement: Judgement = { answers: 0, bitEqual: 0, cuts: 0, wrong: [] };
    const rest = [...all];
    const worker = async () => {
      for (let next = rest.shift(); next; next = rest.shift()) await this.#judgeOne(next, judgement);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return { ...judgement, wrong: judgement.wrong.toSorted((left, right) => left.at - right.at) };
  }

  async #judgeOne({ question, bodies }: Answers, judgement: Judgement): Promise<void> {
    const whole = this.#combinations.filter(({ replicas }) =>
      replicas.every((replica) => this.#isWhole(replica, question)),
    );
    const references: ApiAnswer[] = [];
    for (const [body, at] of bodies) {
      judgement.answers++;
      if (whole.length === 0) {
        judgement.cuts++;
        continue;
      }
      const answer = JSON.parse(body) as ApiAnswer;
      let why = "";
      for (const [index, combination] of whole.entries()) {
        references[index] ??= await askDirectly(question, combination);
        const { difference, bitEqual } = compare(question, references[index], answer);
        why = difference ?? "";
        if (difference !== undefined) continue;
        if (bitEqual) judgement.bitEqual++;
        break;
      }
      if (why !== "")
        judgement.wrong.push({
          at,
          question,
          why: `equals none of ${whole.map(({ replicas }) => replicas.map(({ name }) => name).join("")).join(", ")}, the last: ${why.slice(0, 300)}`,
        });
    }
  }

  #isWhole(replica: ChaosReplica, { from, to }: Question): boolean {
    // the first scrape that it missed comes an interval after the one before the gap
    return !(this.#gaps.get(replica) ?? []).some(
      (gap) => gap.from + times.scrape <= to && gap.to - times.scrape > from,
    );
  }
}

async function askDirectly(question: Question, { replicas, evaluator }: Combination): Promise<ApiAnswer> {
  const one = async (base: string) =>
    JSON.parse((await sendQuestion(base, question)).body.toString()) as ApiAnswer;
  if (question.by === "evaluate") return await one(evaluator);
  if (question.by === "any") return await one(replicas[0]?.url ?? "");
  const parts = await Promise.all(replicas.map(async ({ url }) => (await one(url)).data as unknown[]));
  const texts = new Set(parts.flat().map((part) => JSON.stringify(part)));
  return { status: "success", data: [...texts] };
}

function compare(question: Question, reference: ApiAnswer, answer: ApiAnswer) {
  if (reference.warnings)
    return { difference: `the reference warns: ${reference.warnings[0]}`, bitEqual: false };
  if (question.by === "evaluate") return compareAnswers(reference, answer);
  const wanted =
    question.by === "union"
      ? (reference.data as string[]).toSorted().join("\n")
      : JSON.stringify(reference.data);
  const got =
    question.by === "union"
      ? (answer.data as unknown[])
          .map((part) => JSON.stringify(part))
          .toSorted()
          .join("\n")
      : JSON.stringify(answer.data);
  const same = wanted === got;
  return {
    difference: same ? undefined : `${got.slice(0, 150)} instead of ${wanted.slice(0, 150)}`,
    bitEqual: same,
  };
}
