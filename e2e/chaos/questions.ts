import { times } from "./chaos-fleet.ts";

/** A request whose answer does not change later: its times are given. */
export interface Question {
  /** Unique. */
  text: string;
  /** From "/api/v1/". */
  path: string;
  params: Record<string, string>;
  method: "GET" | "POST";
  /** How the answers of shards become one; "evaluate" needs all series in one place. */
  by: "evaluate" | "union" | "any";
  /** s: all samples that can be seen in the answer. */
  from: number;
  to: number;
}

/** s that range queries and label APIs reach back, and the longest range in a query. */
const span = 10;
const longest = 5;
/** s between the newest sample that is asked for and now: every scrape until then has been written. */
const age = 5;

/** s before now in which a sample can be seen in an answer. */
export const reach = age + span + Math.max(longest, times.lookback);

const expressions = [
  "up",
  "count(up)",
  "sum(up) or vector(0)",
  "1+1",
  "sum by (job) (rate(demo_http_requests_total[5s]))",
  "quantile(0.9, scrape_duration_seconds)",
  "topk(3, scrape_duration_seconds)",
  'absent(up{job="there is none"})',
  "max_over_time(scrape_duration_seconds[5s])",
  "sum(rate(demo_http_requests_total[5s])) / sum(count_over_time(up[5s]))",
  "demo_memory_usage_bytes",
  "histogram_quantile(0.9, sum by (le) (rate(demo_http_request_duration_seconds_bucket[5s])))",
  "scrape_duration_seconds - on (instance) group_left () scrape_samples_scraped",
];

/** s before a step in which the query sees samples. */
function seen(query: string): number {
  return query.includes(`[${longest}s]`) ? Math.max(longest, times.lookback) : times.lookback;
}

/** The mix of a dashboard at a moment. @param now s since 1970 */
export function questionsAt(now: number): Question[] {
  const to = Math.floor(now) - age;
  const from = to - span;
  const queries = expressions.flatMap((query): Question[] => [
    {
      text: `${to} instant ${query}`,
      path: "query",
      params: { query, time: String(to) },
      method: "POST",
      by: "evaluate",
      from: to - seen(query),
      to,
    },
    {
      text: `${to} range ${query}`,
      path: "query_range",
      params: { query, start: String(from), end: String(to), step: "1" },
      method: "POST",
      by: "evaluate",
      from: from - seen(query),
      to,
    },
  ]);
  const interval = { start: String(from), end: String(to) };
  const get = (path: string, params: Record<string, string>, by: Question["by"] = "union"): Question => ({
    text: `${to} ${path}`,
    path,
    params,
    method: "GET",
    by,
    from,
    to,
  });
  return [
    ...queries,
    get("labels", interval),
    get("label/instance/values", interval),
    get("label/__name__/values", { ...interval, "match[]": '{job="demo"}' }),
    get("series", { ...interval, "match[]": "demo_http_requests_total" }),
    get("format_query", { query: "sum  (up)" }, "any"),
  ];
}
