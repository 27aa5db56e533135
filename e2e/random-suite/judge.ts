import { type Comparison, type Slack, compareAnswers, labelText } from "../conformance/compare.ts";
import type { ApiAnswer } from "../harness/http.ts";
import { Random } from "../harness/random.ts";
import { askQuery } from "../histories/ask-query.ts";
import { AnswersOfOne, type Element, elementsOf } from "./answers-of-one.ts";
import { isRanked } from "./is-ranked.ts";
import { addsUp, magnitudeQuery, magnitudeScale, perturbedQuery } from "./perturbed-query.ts";

/** How a gateway has answered a query. */
export interface Verdict extends Comparison {
  /** The reference fails: so does the gateway, or there is a difference. */
  isError: boolean;
  /** Also the reference answers it in several ways, and this is one of them. */
  isUncertain: boolean;
  /** How much of the bound of additions was needed, 1 being all of it. */
  ofBound: number;
  /** Messages beside the data that are others, undefined where there are none. */
  annotations: string | undefined;
}

/**
 * How far a sum may be off, relative to the sum of the absolute values (rule 14): of one server's own, which is nearly exact since 2.53 or
 * so, before that added up plainly, one rounding for each of some hundred series.
 */
const roundings = { compensated: 2 ** -52, plain: 300 * 2 ** -53 };

/** How often the references are asked before it is believed that they have only one answer, and at most. */
const surelyOne = 3;
const mostRounds = 60;

/** More of them are left out by a server. */
const mostAnnotations = 10;

/** Judges what a gateway answers by what the reference has answered. */
export class Judge {
  readonly #references: readonly string[];
  readonly #bound: number;

  /**
   * @param references what they answer may differ by the order in which they have their series; the first one has given the answer
   * @param version of theirs
   */
  constructor(references: readonly string[], version: string) {
    this.#references = references;
    this.#bound = version.startsWith("2.") ? roundings.plain : roundings.compensated;
  }

  /**
   * Values have to be the same to the bit but for sums and averages of what several shards have: these may be off as far as the order of
   * additions can bring them. The series of a range query come in the order of the reference, and so do the values that are ranked. Where
   * the reference has several answers, it has to be one that it could have given.
   * @param params as they were asked
   * @param isExact the gateway was asked for an exact answer: no rounding is forgiven, and each value has to be one of the references', or between two
   */
  async compare(
    want: ApiAnswer,
    got: ApiAnswer,
    params: Record<string, string>,
    isExact = false,
  ): Promise<Verdict> {
    const verdict: Verdict = {
      ...compareAnswers(want, got, 0),
      isError: want.status === "error",
      isUncertain: false,
      ofBound: 0,
      annotations: annotationDifference(want, got),
    };
    const order = orderDifference(want, got, params);
    if (verdict.difference === undefined) return { ...verdict, difference: spelling(want, got) ?? order };
    if (want.status === "error" || got.status === "error") return verdict;
    const near = isExact ? undefined : await this.#nearEnough(want, got, params);
    if (near) return { ...verdict, ...near, difference: order };
    if (await this.#couldSay(want, got, params, isExact))
      return { ...verdict, difference: undefined, isUncertain: true };
    return verdict;
  }

  /** For sums and averages. */
  async #nearEnough(
    want: ApiAnswer,
    got: ApiAnswer,
    params: Record<string, string>,
  ): Promise<Partial<Verdict> | undefined> {
    const query = magnitudeQuery(params["query"] ?? "");
    if (query === undefined) return undefined;
    const magnitudes = await askQuery(this.#references[0] ?? "", { ...params, query });
    const bounds = boundsOf(magnitudes, this.#bound);
    let ofBound = 0;
    const slack: Slack = (labels, time, distance) => {
      const used = distance / (bounds.get(`${time} ${labels}`) ?? Number.NaN);
      ofBound = Math.max(ofBound, used);
      return used <= 1;
    };
    const compared = compareAnswers(want, got, 0, slack);
    return compared.difference === undefined ? { ...compared, ofBound } : undefined;
  }

  /** For what comes of an order of series, or one that is drawn anew each time, and of sums that are put together. */
  async #couldSay(
    want: ApiAnswer,
    got: ApiAnswer,
    params: Record<string, string>,
    isExact: boolean,
  ): Promise<boolean> {
    const answers = new AnswersOfOne();
    const random = new Random(1);
    answers.add(want);
    for (let round = 0; round < mostRounds; round++) {
      for (const reference of this.#references) {
        answers.add(await askQuery(reference, params));
        if (isExact) continue;
        const query = perturbedQuery(params["query"] ?? "", this.#bound, random);
        if (query !== undefined) answers.add(await askQuery(reference, { ...params, query }));
      }
      if (round < surelyOne) continue;
      if (answers.isOne && (isExact || !addsUp(params["query"] ?? ""))) return false;
      if (isExact ? answers.has(got) : answers.mayBe(got)) return true;
    }
    return false;
  }
}

/** By time and labels. */
function boundsOf(magnitudes: ApiAnswer, bound: number): Map<string, number> {
  const bounds = new Map<string, number>();
  for (const { metric, value, values = value ? [value] : [] } of elementsOf(magnitudes)) {
    for (const [time, magnitude] of values) {
      const sum = Number(magnitude);
      // where there is no end to the values themselves, the result has none, or is no number: in any order
      if (Number.isFinite(sum)) bounds.set(`${time} ${labelText(metric)}`, (sum * bound) / magnitudeScale);
    }
  }
  return bounds;
}

/** Numbers that are the same, written otherwise; zeros of both signs are what an order of additions makes of them. */
function spelling(want: ApiAnswer, got: ApiAnswer): string | undefined {
  const other = new Map(numbersOf(got));
  for (const [key, text] of numbersOf(want)) {
    const written = other.get(key) ?? text;
    if (written !== text && Number(text) !== 0) return `${key} is written ${written} instead of ${text}`;
  }
  return undefined;
}

/** The text of each float, by time and labels. */
function numbersOf(answer: ApiAnswer): [string, string][] {
  return elementsOf(answer).flatMap(({ metric, value, values = value ? [value] : [] }) =>
    values.map(([time, text]): [string, string] => [`${time} ${labelText(metric)}`, text]),
  );
}

/** Range queries are answered in the order of labels; instant ones in none, but for what ranks. */
function orderDifference(
  want: ApiAnswer,
  got: ApiAnswer,
  { query = "", step }: Record<string, string>,
): string | undefined {
  if (step === undefined && !isRanked(query)) return undefined;
  const ranked = ({ metric, value }: Element) =>
    step === undefined ? (value?.[1] ?? "") : labelText(metric);
  const [lefts, rights] = [elementsOf(want).map(ranked), elementsOf(got).map(ranked)];
  const at = lefts.findIndex((left, index) => left !== rights[index]);
  return at < 0 ? undefined : `element ${at} is ${rights[at]} instead of ${lefts[at]}: another order`;
}

function annotationDifference(want: ApiAnswer, got: ApiAnswer): string | undefined {
  for (const kind of ["warnings", "infos"] as const) {
    const [wanted, gotten] = [want[kind] ?? [], got[kind] ?? []];
    if (wanted.length > mostAnnotations || gotten.length > mostAnnotations) continue;
    const missing = wanted.find((one) => !gotten.includes(one));
    if (missing !== undefined) return `${kind}: it does not say ${missing}`;
    const more = gotten.find((one) => !wanted.includes(one));
    if (more !== undefined) return `${kind}: it says ${more}`;
  }
  return undefined;
}
