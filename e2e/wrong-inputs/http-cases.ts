/** A request that the gateway must refuse, in Prometheus' own form. */
export interface HttpCase {
  name: string;
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  status: readonly number[];
  errorType?: string;
  /** Is in the error. */
  says?: RegExp;
}

const form = { "Content-Type": "application/x-www-form-urlencoded" };
const range = (rest: string) => `/api/v1/query_range?query=up&${rest}`;

export const httpCases: readonly HttpCase[] = [
  {
    name: "a query that does not parse",
    path: `/api/v1/query?query=${encodeURIComponent("sum((up)")}`,
    status: [400],
    errorType: "bad_data",
    says: /parse error/,
  },
  { name: "no query", path: "/api/v1/query", status: [400], errorType: "bad_data" },
  { name: "an empty query", path: "/api/v1/query?query=", status: [400], errorType: "bad_data" },
  {
    name: "a time that is none",
    path: "/api/v1/query?query=up&time=teatime",
    status: [400],
    errorType: "bad_data",
    says: /time/,
  },
  {
    name: "a timeout that is none",
    path: "/api/v1/query?query=up&timeout=long",
    status: [400],
    errorType: "bad_data",
    says: /timeout/,
  },
  {
    name: "an end before the start",
    path: range("start=1000&end=500&step=1"),
    status: [400],
    errorType: "bad_data",
    says: /end/,
  },
  {
    name: "a step of zero",
    path: range("start=0&end=500&step=0"),
    status: [400],
    errorType: "bad_data",
    says: /step/,
  },
  {
    name: "a negative step",
    path: range("start=0&end=500&step=-5"),
    status: [400],
    errorType: "bad_data",
    says: /step/,
  },
  {
    name: "a range of an age",
    path: range("start=0&end=1795424880&step=1"),
    status: [400, 422],
    errorType: "bad_data",
    says: /11[, ]?000/,
  },
  {
    name: "a start beyond all numbers",
    path: range("start=1e300&end=1e301&step=1"),
    status: [400],
    errorType: "bad_data",
  },
  {
    name: "a query of 10 MB",
    method: "POST",
    path: "/api/v1/query",
    headers: form,
    body: `query=${"a".repeat(10 << 20)}`,
    status: [400, 413, 422],
  },
  {
    name: "a query of 10,000 brackets",
    method: "POST",
    path: "/api/v1/query",
    headers: form,
    body: `query=${encodeURIComponent(`${"(".repeat(10_000)}up${")".repeat(10_000)}`)}`,
    status: [200, 400, 413, 422],
  },
  {
    name: "a form that is broken",
    method: "POST",
    path: "/api/v1/query",
    headers: form,
    body: "query=%zz",
    status: [400],
    errorType: "bad_data",
  },
  {
    name: "JSON for a form",
    method: "POST",
    path: "/api/v1/query",
    headers: { "Content-Type": "application/json" },
    body: '{"query": "up"}',
    status: [400, 415],
  },
  {
    name: "promfleet's own label in a query",
    path: `/api/v1/query?query=${encodeURIComponent('up{__promfleet_q__!="x"}')}`,
    status: [400, 422],
    says: /__promfleet/,
  },
  {
    name: "promfleet's own label in a match[]",
    path: `/api/v1/series?${new URLSearchParams({ "match[]": '{__promfleet_part__="7"}' }).toString()}`,
    status: [400, 422],
    says: /__promfleet/,
  },
  { name: "series of nothing", path: "/api/v1/series", status: [400], errorType: "bad_data" },
  {
    name: "a match[] that does not parse",
    path: `/api/v1/labels?${new URLSearchParams({ "match[]": "{" }).toString()}`,
    status: [400],
    errorType: "bad_data",
  },
  {
    name: "a match[] that matches everything",
    path: `/api/v1/series?${new URLSearchParams({ "match[]": '{job=~".*"}' }).toString()}`,
    status: [400],
    errorType: "bad_data",
  },
  {
    name: "a label that is none",
    path: "/api/v1/label/%ff%fe/values",
    status: [400, 404],
  },
  {
    name: "a limit that is none",
    path: "/api/v1/labels?limit=-1",
    status: [400],
    errorType: "bad_data",
    says: /limit/,
  },
  { name: "an unknown path", path: "/api/v1/nothing", status: [404] },
  { name: "a path out of the API", path: "/api/v1/label/..%2f..%2fadmin/values", status: [400, 404] },
  {
    name: "deleting series",
    method: "POST",
    path: "/api/v1/admin/tsdb/delete_series",
    status: [403, 404, 405],
  },
  {
    name: "writing through the gateway",
    method: "POST",
    path: "/api/v1/write",
    body: "x",
    status: [404, 405],
  },
  { name: "quitting a server", method: "POST", path: "/-/quit", status: [403, 404, 405] },
  {
    name: "a method that does not exist",
    method: "DELETE",
    path: "/api/v1/query?query=up",
    status: [405, 404],
  },
  {
    name: "headers of 100 KB",
    path: "/api/v1/query?query=up",
    headers: { "X-Large": "a".repeat(100_000) },
    status: [431],
  },
];
