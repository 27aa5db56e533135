import { z } from "zod";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { Expression } from "../../promql/expression.ts";
import { insertMatcher } from "../../promql/insert-matcher.ts";
import { parse } from "../../promql/parse.ts";
import { selectors, subexpressions } from "../../promql/selectors.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import { queryMarker } from "../read/read-listener.ts";
import { withQuery } from "../distribute/distribute-way.ts";
import { withStoredAbsentLabels } from "./absent-labels.ts";
import { sharedPositions, userPositions } from "./annotation-positions.ts";

/** How a query is put to the evaluator. */
export interface PreparedQuery {
  /** Reads that the evaluator makes when it evaluates the whole of it. */
  reads: number;
  /** Uses info(), which no evaluator can do over remote reads. */
  usesInfo: boolean;
  /** What is sent for one try. */
  ask(id: string): EvaluatorRequest;
}

export interface EvaluatorRequest {
  params: readonly (readonly [string, string])[];
  headers: Readonly<Record<string, string>>;
  /** Set where another text than the user's is evaluated: puts an annotation right. */
  annotation: ((text: string) => string) | undefined;
}

/** Asks the evaluator's API `path` about the query's text. */
export type AskAboutText = (path: string) => Promise<{ status: number; body: Buffer }>;

/** The 8 bytes of a span that nobody records: of the question to the evaluator. */
export const evaluationSpanId = "00000000000000a1";

/** Selectors of a query: each is a read of all shards. */
const mostReads = 1000;

/** @throws PromfleetError QUERY_TOO_COMPLEX */
function refuseMany(reads: number): void {
  if (reads <= mostReads) return;
  const message = `the query has ${reads} selectors, and may have ${mostReads}`;
  throw new PromfleetError({ code: "QUERY_TOO_COMPLEX", message });
}

/** For evaluators that pass a query's trace id on to its reads: the user's text stays as it is, but for what absent() tells of it. */
export async function tracedQuery(request: QueryRequest, ask: AskAboutText): Promise<PreparedQuery> {
  const { expression } = request;
  const counted = expression ? countInExpression(expression) : await askForCount(ask);
  refuseMany(counted.reads);
  const other = expression && withStoredAbsentLabels(request.query, expression);
  return {
    ...counted,
    ask: (id) => ({
      params: other ? withQuery(request.params, other.text) : request.params,
      // not sampled: there is nobody to send spans to
      headers: { traceparent: `00-${id}-${evaluationSpanId}-00` },
      annotation: other && sharedPositions(request.query, other.text, other.shared),
    }),
  };
}

/**
 * For older evaluators: each selector gets one more matcher, which the reads bring back. A text that promfleet does not
 * understand is first written anew by the evaluator itself.
 * @returns undefined if the evaluator does not understand the text: its own answer to the user's text is the right one
 * @throws PromfleetError QUERY_NOT_MARKABLE
 */
export async function markedQuery(
  request: QueryRequest,
  ask: AskAboutText,
): Promise<PreparedQuery | undefined> {
  let text = request.query;
  let { expression } = request;
  if (!expression) {
    const { status, body } = await ask("/api/v1/format_query");
    if (status === 400) return undefined;
    if (status >= 500) throw new Error(`it answered /api/v1/format_query with status ${status}`);
    text = status === 200 ? formattedAnswer.parse(JSON.parse(body.toString())).data : text;
    expression = parse(text);
  }
  if (!expression) {
    throw new PromfleetError({
      code: "QUERY_NOT_MARKABLE",
      message: "a part of this query is unknown to promfleet, and the evaluator is older than 3.0",
    });
  }
  const understood = expression;
  refuseMany(selectors(understood).length);
  const asWritten = text === request.query;
  return {
    ...countInExpression(understood),
    ask(id) {
      const marker = `${queryMarker}!="${id}"`;
      const marked = insertMatcher(text, understood, marker);
      return {
        params: request.params.map(([name, value]) => [name, name === "query" ? marked : value]),
        headers: {},
        annotation: asWritten
          ? userPositions(text, marked, marker)
          : (annotation) => annotation.replace(/ \(\d+:\d+\)$/, ""),
      };
    },
  };
}

/** The user's own text, to have the evaluator's own answer to it. It must not be able to read. */
export function bareQuery(request: QueryRequest): PreparedQuery {
  return {
    reads: 0,
    usesInfo: false,
    ask: () => ({ params: request.params, headers: {}, annotation: undefined }),
  };
}

function countInExpression(expression: Expression): Pick<PreparedQuery, "reads" | "usesInfo"> {
  return { reads: selectors(expression).length, usesInfo: callsInfo(expression) };
}

function callsInfo(expression: Expression): boolean {
  if (expression.kind === "call" && expression.func === "info") return true;
  return subexpressions(expression).some((part) => callsInfo(part));
}

const formattedAnswer = z.object({ data: z.string() });
const parsedAnswer = z.object({ data: z.unknown() });

async function askForCount(ask: AskAboutText): Promise<Pick<PreparedQuery, "reads" | "usesInfo">> {
  const { status, body } = await ask("/api/v1/parse_query");
  const counted = { reads: 0, usesInfo: false };
  // a text that it does not understand is not evaluated either
  if (status === 400) return counted;
  if (status !== 200) throw new Error(`it answered /api/v1/parse_query with status ${status}`);
  countInTree(parsedAnswer.parse(JSON.parse(body.toString())).data, counted);
  return counted;
}

/** Counts in Prometheus' own tree of an expression, which may be deeper than the stack. */
function countInTree(tree: unknown, counted: { reads: number; usesInfo: boolean }): void {
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null) continue;
    if ("type" in node && (node.type === "vectorSelector" || node.type === "matrixSelector")) {
      counted.reads++;
      continue;
    }
    if ("func" in node && typeof node.func === "object" && node.func && "name" in node.func) {
      counted.usesInfo ||= node.func.name === "info";
    }
    for (const part of Object.values(node)) open.push(part);
  }
}
