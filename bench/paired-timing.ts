import { ask } from "../e2e/harness/http.ts";
import type { Target, Targets } from "./bed.ts";
import { type Question, pathOf } from "./questions.ts";
import { differenceOf } from "./same-answer.ts";

/** ms */
export interface Timing {
  median: number;
  min: number;
}

/** A row of the table. */
export interface TimedQuestion {
  question: Question;
  /** Bytes of the first target's answer. */
  bytes: number;
  /** One for each target; undefined where it was not asked. */
  timings: (Timing | undefined)[];
}

const withinMs = 300_000;
/** A question is asked again within a round until this has passed: a single answer of a few ms says little. */
const roundMs = 100;
const mostRepeats = 20;

/** An answer of a target is not the one that it has to be. */
export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

/**
 * Asks all targets every question: once to see that all of them give the first one's answer, then in rounds in which they take turns,
 * so that whatever else the machine does is spread over all of them.
 * @throws WrongAnswer
 */
export async function timeQuestions(
  targets: Targets,
  questions: readonly Question[],
  rounds: number,
): Promise<TimedQuestion[]> {
  const asked: { question: Question; bytes: number; repeats: number; took: number[][] }[] = [];
  for (const question of questions) {
    const bytes = await checkAnswers(targets, question);
    const { took } = await askTarget(targets[0], question);
    const repeats = Math.max(1, Math.min(mostRepeats, Math.round(roundMs / took)));
    asked.push({ question, bytes, repeats, took: targets.map(() => []) });
  }
  for (let round = 0; round < rounds; round++)
    for (const { question, repeats, took } of asked)
      for (let repeat = 0; repeat < repeats; repeat++)
        for (const target of turns(targets, round + repeat).filter((one) => isAsked(one, question)))
          took[targets.indexOf(target)]?.push((await askTarget(target, question)).took);
  return asked.map(({ question, bytes, took }) => ({ question, bytes, timings: took.map(timingOf) }));
}

/** The targets, each time another one first. */
function turns(targets: Targets, turn: number): Target[] {
  const first = turn % targets.length;
  return [...targets.slice(first), ...targets.slice(0, first)];
}

/** @returns bytes of the first target's answer @throws WrongAnswer */
export async function checkAnswers(targets: Targets, question: Question): Promise<number> {
  const [first, ...others] = targets;
  const reference = await askTarget(first, question);
  for (const target of others.filter((one) => isAsked(one, question))) {
    const { body } = await askTarget(target, question);
    const difference = differenceOf(reference.body, body, target.adds);
    if (difference !== undefined)
      throw new WrongAnswer(`${target.name} answers "${question.name}" otherwise: ${difference}`);
  }
  return reference.body.length;
}

async function askTarget({ name, url }: Target, question: Question) {
  const heard = await ask(url + pathOf(question), { withinMs });
  if (heard.status === 200) return heard;
  const said = heard.body.toString().slice(0, 300);
  throw new WrongAnswer(`${name} answers "${question.name}" with ${heard.status}: ${said}`);
}

function isAsked({ queriesOnly }: Target, { path }: Question): boolean {
  return !queriesOnly || path.startsWith("query");
}

function timingOf(took: readonly number[]): Timing | undefined {
  if (took.length === 0) return undefined;
  const sorted = took.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return { median: (lower + upper) / 2, min: sorted[0] ?? Number.NaN };
}
