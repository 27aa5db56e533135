import { Random } from "../harness/random.ts";
import type { Expression, HistoryQuery } from "../histories/query.ts";
import { type Knowing, seconds } from "./fleet-series.ts";
import { Grammar } from "./grammar.ts";
import { PerSeriesGrammar } from "./per-series-grammar.ts";
import { RandomSelector } from "./random-selector.ts";
import { Spelling, matrix, scalar } from "./spelling.ts";
import { floats, vocabulary } from "./vocabulary.ts";

const steps = [5, 10, 15, 15, 30, 60, 60, 7, 13, 37, 61.3, 0.25, 1] as const;
/** Evaluated at most. */
const points = 60;
/** s that a query may be asked after the last sample: lookbacks end there. */
const afterwards = 200;

/** A query of a fleet with these series; its times in s since the fleet's beginning. */
export function randomQuery(
  series: readonly { labels: Readonly<Record<string, string>> }[],
  knowing: Knowing,
  seed: number,
): HistoryQuery {
  const random = new Random(seed);
  const selectors = new RandomSelector(random, series, knowing.utf8Names);
  const spelling = new Spelling(random);
  const words = vocabulary(knowing);
  const perSeries = new PerSeriesGrammar(random, selectors, spelling, words);
  const grammar = new Grammar({
    random,
    selectors,
    spelling,
    perSeries,
    words,
    utf8Names: knowing.utf8Names,
  });
  const depth = random.whole(1, 4);
  const end = random.whole(60_000, (seconds + afterwards) * 1000) / 1000;
  if (random.chance(0.3)) {
    const way = random.next();
    const expression =
      way < 0.1
        ? grammar.sorted(depth)
        : way < 0.14
          ? matrix(selectors.range(floats))
          : way < 0.16
            ? perSeries.subquery(grammar.vector(depth - 1))
            : way < 0.17
              ? scalar('"a text with \\"quotes\\""')
              : grammar.whole(depth);
    return { expression: dressed(expression, spelling), start: end, end, step: undefined };
  }
  const step = random.pick(steps);
  // on the beat of the scrapes, or anywhere
  const start = random.chance(0.5) ? random.whole(0, 38) * 60 : random.whole(0, seconds * 1000) / 1000;
  const most = Math.min(points - 1, Math.max(1, Math.floor((seconds + afterwards - start) / step)));
  const asked = start + step * random.whole(Math.min(most, 2), most);
  return {
    expression: dressed(grammar.whole(depth), spelling),
    start,
    // what is added up in decimals is rounded to ms
    end: Math.round(asked * 1000) / 1000,
    step,
  };
}

/** With space around it, and in parentheses now and then. */
function dressed(expression: Expression, spelling: Spelling): Expression {
  const [before, after] = [spelling.gap(), spelling.gap()];
  if (before === "" && after === "") return expression;
  return { text: `${before}$0${after}`, type: expression.type, parts: [expression] };
}
