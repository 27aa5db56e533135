import { type ApiAnswer, post } from "../harness/http.ts";
import { compareAnswers } from "./compare.ts";
import { queryRange } from "./samples.ts";

export type Kind = "range" | "instant";

/** How many queries are asked at once: two cores do both servers and the fleet. */
const atOnce = 6;

export interface Tally {
  equal: number;
  bitEqual: number;
  notEmpty: number;
  differences: string[];
}

/**
 * Asks two Prometheus APIs every query and compares.
 * @param further parameters for the second one
 */
export async function askAll(
  queries: readonly string[],
  kind: Kind,
  reference: string,
  compared: string,
  further: Readonly<Record<string, string>> = {},
): Promise<Tally> {
  const tally: Tally = { equal: 0, bitEqual: 0, notEmpty: 0, differences: [] };
  const rest = [...queries];
  const worker = async () => {
    for (let query = rest.shift(); query !== undefined; query = rest.shift()) {
      const [want, got] = await Promise.all([
        evaluate(reference, query, kind),
        evaluate(compared, query, kind, further),
      ]);
      const one = compareAnswers(want, got);
      if (one.difference === undefined) tally.equal++;
      else tally.differences.push(`${kind} ${query}: ${one.difference.slice(0, 300)}`);
      if (one.bitEqual) tally.bitEqual++;
      if (one.notEmpty) tally.notEmpty++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tally;
}

async function evaluate(
  base: string,
  query: string,
  kind: Kind,
  further: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const { start, end, step } = queryRange;
  const form: Record<string, string> =
    kind === "range"
      ? { query, start: String(start), end: String(end), step: String(step) }
      : { query, time: String(end) };
  const path = kind === "range" ? "query_range" : "query";
  try {
    const heard = await post(`${base}/api/v1/${path}`, { ...form, ...further }, { withinMs: 60_000 });
    return JSON.parse(heard.body.toString()) as ApiAnswer;
  } catch (error) {
    return { status: "error", errorType: "transport", error: String(error) };
  }
}
