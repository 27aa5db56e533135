import { type Comparison, compareAnswers } from "../conformance/compare.ts";
import { type ApiAnswer, post } from "../harness/http.ts";

/**
 * How far a value may be off, relative to itself: sums over shards may be added in another order, which costs a unit or two in the last
 * place. The values themselves are whole numbers and fractions of 1024, whose sums are exact.
 */
const tolerance = 2 ** -50;
/**
 * What the same unit becomes where a function stretches it: a quantile between bounds of buckets is a difference of sums divided by
 * another one.
 */
const stretched = 2 ** -44;

/** Asks a Prometheus API a query. What cannot be reached answers with an error. */
export async function askQuery(base: string, params: Record<string, string>): Promise<ApiAnswer> {
  const path = params["step"] === undefined ? "query" : "query_range";
  try {
    const heard = await post(`${base}/api/v1/${path}`, params, { withinMs: 60_000 });
    return JSON.parse(heard.body.toString()) as ApiAnswer;
  } catch (error) {
    return { status: "error", errorType: "transport", error: String(error) };
  }
}

/**
 * Compares what a gateway answers with a reference. Where values are off by no more than the order of additions can make of them, it
 * is asked for an exact answer, too, and that must be as near as one server's own.
 */
export async function compareWith(
  reference: ApiAnswer,
  gateway: string,
  params: Record<string, string>,
): Promise<Comparison> {
  const answer = await askQuery(gateway, params);
  const compared = compareExactly(reference, answer);
  if (
    compared.difference === undefined ||
    compareAnswers(reference, answer, stretched).difference !== undefined
  )
    return compared;
  return compareExactly(reference, await askQuery(gateway, { ...params, exact: "true" }));
}

/** Compares within what the order of additions may cost; a warning that the reference does not have is a difference. */
export function compareExactly(reference: ApiAnswer, answer: ApiAnswer): Comparison {
  const compared = compareAnswers(reference, answer, tolerance);
  const known = new Set(reference.warnings);
  const warning = answer.warnings?.find((one) => !known.has(one));
  return warning === undefined || compared.difference !== undefined
    ? compared
    : { ...compared, difference: `it warns: ${warning}` };
}
