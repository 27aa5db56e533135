import type { Aggregation, Expression } from "../../promql/expression.ts";
import type { SharedText } from "../evaluate/annotation-positions.ts";
import type { Distribution } from "../planner/distribution.ts";

/** What a shard is asked in place of the user's own text, and which parts of it are that. */
export interface SentText {
  text: string;
  shared: readonly SharedText[];
}

/** What each shard is asked for a query; undefined where that is the query itself. */
export function sentText(query: string, distribution: Distribution): SentText | undefined {
  if (distribution.kind === "average") return sumsAndCounts(query, distribution.node);
  if (distribution.kind !== "first") return undefined;
  const { node, k } = distribution;
  return node.param && oneMore(query, node.param, k);
}

/** Label that tells the sums and the counts of averages apart. */
export const role = "__promfleet_part__";

const begin = (op: string) => `label_replace(${op}`;
const end = (op: string) => `, "${role}", "${op}", "", "")`;

/** Asks for the sums and the counts of an average. */
function sumsAndCounts(query: string, { span }: Aggregation): SentText {
  // the grouping may stand before or after what is averaged
  const averaged = query.slice(span.from + "avg".length, span.to);
  const sums = begin("sum") + averaged + end("sum");
  const between = " or ";
  const text = sums + between + begin("count") + averaged + end("count");
  const own = { userFrom: span.from + "avg".length, length: averaged.length };
  return {
    text,
    shared: [
      { ...own, evaluatedFrom: begin("sum").length },
      { ...own, evaluatedFrom: sums.length + between.length + begin("count").length },
    ],
  };
}

/** Asks for one more than the first k. */
function oneMore(query: string, { span }: Expression, k: number): SentText {
  const rest = query.slice(span.to);
  const before = query.slice(0, span.from) + String(k + 1);
  return {
    text: before + rest,
    shared: [
      { evaluatedFrom: 0, userFrom: 0, length: span.from },
      { evaluatedFrom: before.length, userFrom: span.to, length: rest.length },
    ],
  };
}
