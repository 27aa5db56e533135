import type { Expression } from "../../promql/expression.ts";
import { subexpressions } from "../../promql/selectors.ts";
import { type QueryContext, answerQuery, planOf } from "../answer-query.ts";
import { always } from "../coverage/shard-sources.ts";
import { queryTimes } from "../coverage/query-times.ts";
import { sentText } from "../distribute/sent-text.ts";
import type { Distribution } from "../planner/distribution.ts";
import type { QueryPlan } from "../planner/plan-query.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import { recordedAnswer } from "./recorded-answer.ts";
import type { ExplainedNode, Explanation } from "./explanation.ts";

/** Nodes of a tree that are shown, and characters of each. */
const most = { nodes: 500, characters: 200 };

const puttingTogether: Readonly<Record<Distribution["kind"], string>> = {
  concat: "side by side, in the order of their labels",
  add: "values of the same labels are added up",
  least: "of values of the same labels the least",
  greatest: "of values of the same labels the greatest",
  one: "each group once",
  average: "sums divided by counts",
  first: "the first of all that were the first on a shard",
};

/**
 * Says how a query would be answered now.
 * @param analyze whether it is answered, too
 * @throws the signal's reason
 */
export async function explainQuery(
  context: QueryContext,
  query: QueryRequest,
  analyze: boolean,
  signal: AbortSignal,
): Promise<Explanation> {
  const plan = planOf(context, query);
  const { way, why } = plan;
  return {
    query: query.query,
    kind: query.kind,
    way,
    why,
    tree: query.expression ? treeOf(query, query.expression, plan) : null,
    shards: askedShards(context, query, plan),
    asked: askedOfShards(query, plan),
    evaluator: way === "cut" ? plan.cut.text : way === "evaluate" ? query.query : null,
    analysis: analyze ? await recordedAnswer(context, query, signal, answerQuery) : null,
  };
}

function askedShards(
  { router, sources }: QueryContext,
  query: QueryRequest,
  plan: QueryPlan,
): Explanation["shards"] {
  const times = queryTimes(query, router.topology) ?? always;
  const ids = plan.way === "pass" ? [plan.shard] : router.shardIds();
  return ids.map((id) => ({ id, servers: sources.whole(id, times).replicas.map(({ server }) => server) }));
}

function askedOfShards({ query }: QueryRequest, plan: QueryPlan): Explanation["asked"] {
  if (plan.way === "pass") return [{ query, for: query, puttingTogether: "nothing: it is passed on" }];
  if (plan.way === "evaluate") return [];
  const parts = plan.way === "cut" ? plan.cut.parts : [{ text: query, distribution: plan.distribution }];
  return parts.map(({ text, distribution }) => ({
    query: sentText(text, distribution)?.text ?? text,
    for: text,
    puttingTogether: puttingTogether[distribution.kind],
  }));
}

function treeOf({ query }: QueryRequest, expression: Expression, plan: QueryPlan): ExplainedNode {
  const parts = new Set(plan.way === "cut" ? plan.cut.parts.map(({ from }) => from) : []);
  const combinedAt = plan.way === "combine" ? withoutParens(expression).span.from : undefined;
  let left = most.nodes;
  const visit = (node: Expression, above: ExplainedNode["by"] | undefined): ExplainedNode => {
    left--;
    const by = byWhom(node, above);
    const inner = by === "gateway" ? "shards" : by;
    const shown: ExplainedNode[] = [];
    for (const part of subexpressions(node)) if (left > 0) shown.push(visit(part, inner));
    return { text: shortened(query.slice(node.span.from, node.span.to)), kind: node.kind, by, parts: shown };
  };
  const byWhom = (node: Expression, above: ExplainedNode["by"] | undefined): ExplainedNode["by"] => {
    if (above === "shards" || plan.way === "pass" || plan.way === "concat") return "shards";
    const isPart =
      node.kind === "aggregation" && (node.span.from === combinedAt || parts.has(node.span.from));
    return isPart || (plan.way === "combine" && above === undefined) ? "gateway" : "evaluator";
  };
  return visit(expression, undefined);
}

function withoutParens(expression: Expression): Expression {
  return expression.kind === "parens" ? withoutParens(expression.expression) : expression;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > most.characters ? `${line.slice(0, most.characters - 1)}…` : line;
}
