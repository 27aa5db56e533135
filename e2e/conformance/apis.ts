import { gunzipSync } from "node:zlib";
import { ask } from "../harness/http.ts";
import { queryRange } from "./samples.ts";

/** A request beside query and query_range that Grafana and others send. */
interface ApiRequest {
  name: string;
  path: string;
  /** A list of pairs: match[] may be there twice. */
  params?: readonly (readonly [string, string])[];
  method?: "POST";
}

const { start, end } = queryRange;
const times = [
  ["start", String(start)],
  ["end", String(end)],
] as const;
const one = ["match[]", "demo_num_cpus"] as const;
const other = ["match[]", '{__name__=~"demo_cpu.*",mode="idle"}'] as const;

/** All of them are to be answered as one Prometheus does. */
export const apiRequests: readonly ApiRequest[] = [
  {
    name: "instant 1+1 at time 4",
    path: "query",
    params: [
      ["query", "1+1"],
      ["time", "4"],
    ],
  },
  {
    name: "instant 1+1 by form",
    path: "query",
    params: [
      ["query", "1+1"],
      ["time", "4"],
    ],
    method: "POST",
  },
  {
    name: "a string",
    path: "query",
    params: [
      ["query", '"text"'],
      ["time", "4"],
    ],
  },
  {
    name: "raw samples",
    path: "query",
    params: [
      ["query", "demo_num_cpus[1m]"],
      ["time", String(end)],
    ],
  },
  { name: "labels", path: "labels", params: times },
  { name: "labels by form", path: "labels", params: times, method: "POST" },
  { name: "labels of two selectors", path: "labels", params: [...times, one, other] },
  { name: "metric names", path: "label/__name__/values", params: times },
  { name: "values of a label with match[]", path: "label/mode/values", params: [...times, other] },
  { name: "values of a label that nobody has", path: "label/nobody/values", params: times },
  { name: "series", path: "series", params: [...times, one] },
  { name: "series of two selectors by form", path: "series", params: [...times, one, other], method: "POST" },
  { name: "series of nothing there", path: "series", params: [...times, ["match[]", "nobody"]] },
  {
    name: "labels outside all data",
    path: "labels",
    params: [
      ["start", "1"],
      ["end", "2"],
    ],
  },
  { name: "metadata", path: "metadata" },
  {
    name: "metadata of a metric",
    path: "metadata",
    params: [
      ["metric", "up"],
      ["limit", "1"],
    ],
  },
  { name: "rules", path: "rules" },
  { name: "alerts", path: "alerts" },
  { name: "exemplars", path: "query_exemplars", params: [...times, ["query", "demo_num_cpus"]] },
  { name: "format_query", path: "format_query", params: [["query", "sum  (up)by(job)"]] },
  { name: "parse_query", path: "parse_query", params: [["query", "sum(up) by (job)"]] },
];

/** What the two answer differently, undefined when nothing. The order of lists does not matter, but nothing may be there twice. */
export async function compareApi(
  request: ApiRequest,
  reference: string,
  compared: string,
): Promise<string | undefined> {
  const [want, got] = await Promise.all([send(request, reference), send(request, compared)]);
  if (want.text === got.text && want.status === got.status) return undefined;
  return `${got.status} ${got.text.slice(0, 300)} instead of ${want.status} ${want.text.slice(0, 300)}`;
}

async function send(
  { path, params = [], method }: ApiRequest,
  base: string,
): Promise<{ status: number; text: string }> {
  const search = new URLSearchParams(
    params.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  const url = `${base}/api/v1/${path}`;
  const headers = { "Accept-Encoding": "gzip" };
  const form = { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
  const heard =
    method === "POST"
      ? await ask(url, { headers: form, body: search })
      : await ask(`${url}?${search}`, { headers });
  const zipped = heard.headers["content-encoding"] === "gzip";
  const text = (zipped ? gunzipSync(heard.body) : heard.body).toString();
  if (heard.status === 404) return { status: 404, text: "" };
  return { status: heard.status, text: JSON.stringify(inOrder(JSON.parse(text))) };
}

/** The same JSON with every list and every object's keys in order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const ordered = value.map(inOrder);
    return ordered.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, inOrder(inner)]));
}

/** What Grafana looks at before it believes that a data source is a Prometheus. */
export async function versionTold(base: string): Promise<string> {
  const heard = await ask(`${base}/api/v1/status/buildinfo`);
  return (JSON.parse(heard.body.toString()) as { data?: { version?: string } }).data?.version ?? "";
}
