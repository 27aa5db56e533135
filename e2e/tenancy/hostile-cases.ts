/** Something that a tenant with `ns="shop"` tries. */
export interface HostileCase {
  name: string;
  path: string;
  /** In the URL, as they are; TIME stands for the moment of the last sample. */
  search?: readonly (readonly [string, string])[];
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Without enforcement it would see nothing more than it may: it is about something else. */
  harmless?: boolean;
  /** Prometheus 2 does not know how it is written. */
  isOfThree?: boolean;
}

const form = { "Content-Type": "application/x-www-form-urlencoded" };
const encoded = (...pairs: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();

const query = (text: string, harmless = false): HostileCase => ({
  name: `query ${JSON.stringify(text.length > 90 ? `${text.slice(0, 90)}…` : text)}`,
  path: "query",
  search: [
    ["query", text],
    ["time", "TIME"],
  ],
  harmless,
});

const matching = (path: string, ...selectors: string[]): HostileCase => ({
  name: `${path} ${selectors.map((text) => JSON.stringify(text)).join(" ") || "without match[]"}`,
  path,
  search: selectors.map((text) => ["match[]", text] as const),
});

const queries: readonly HostileCase[] = [
  query("gold"),
  query("sum(requests_total)"),
  query("requests_total"),
  query('requests_total{ns="bank"}'),
  query('requests_total{ns!="shop"}'),
  query('requests_total{ns=~".*"}'),
  query('requests_total{ns=""}'),
  query('requests_total{ns=~"bank|shop", ns!="shop"}'),
  query('{__name__=~".+"}'),
  query('{__name__="gold"}'),
  { ...query('{"gold"}'), isOfThree: true },
  { ...query('{"gold", "ns"="bank"}'), isOfThree: true },
  query("gold # comment"),
  query("up # \r or gold"),
  query('up # \r\n or gold{ns="bank"}'),
  query("up # {}\n or gold"),
  query('up{pod="# "} or gold'),
  query("up{pod=`\\`} or gold # `"),
  query("up{pod='\"'} or gold # '"),
  query("up\u00a0or\u00a0gold", true),
  query("up\u2028or gold", true),
  query('label_replace(gold, "ns", "shop", "", "")'),
  query('label_join(gold, "ns", "", "x")'),
  query('label_replace(vector(1), "ns", "bank", "", "")', true),
  query('label_replace(up, "x", "} or gold{", "", "")'),
  query("absent(gold)"),
  query('absent(gold{ns="bank"})'),
  query("absent_over_time(gold[5m])"),
  query("scalar(sum(gold))"),
  query("vector(scalar(sum(requests_total)))"),
  query("count(up) or count(gold)"),
  query("up unless on (instance) gold"),
  query("up and on (instance) gold"),
  query("up * on (instance) group_left (account) gold"),
  query("max_over_time(gold[5m])"),
  query("max_over_time(gold[5m:15s])"),
  query("gold @ TIME"),
  query("gold @ end()"),
  query("gold offset -1m"),
  query("sum by (account) (rate(requests_total[2m]))"),
  query("topk(100, requests_total)"),
  query('count_values("x", requests_total)'),
  query("quantile(0.9, requests_total)"),
  query("avg(requests_total)"),
  query("sort_by_label(requests_total, 'ns')", true),
  query("info(up)", true),
  query('info(up, {__name__="target_info", version=~".+"})', true),
  query("limitk(10, requests_total)", true),
  query("gold anchored", true),
  query("rate(requests_total[5m] anchored)", true),
  query("requests_total[step()]", true),
  query("sum(requests_total) fill(0) sum(gold)", true),
  query("}) or gold or (up{", true),
  query('up{pod="x', true),
  query('up{pod="x\\', true),
  query('up{ns="shop"} or {ns="bank"}'),
  query("", true),
  query(`${"(".repeat(400)}gold${")".repeat(400)}`, true),
  query(`gold${" ".repeat(70_000)}`, true),
  query(`up ${"or up ".repeat(300)} or gold`),
  query('{__promfleet_q__="x", ns="bank"}', true),
];

const others: readonly HostileCase[] = [
  ...["sum(requests_total)", "gold", "requests_total"].map((text) => ({
    name: `query_range ${text}`,
    path: "query_range",
    search: [
      ["query", text],
      ["start", "BEGIN"],
      ["end", "TIME"],
      ["step", "15"],
    ] as const,
  })),
  ...["labels", "label/ns/values", "label/account/values", "label/__name__/values", "label/pod/values"].map(
    (path) => matching(path),
  ),
  matching("labels", "gold"),
  matching("label/account/values", '{ns="bank"}'),
  matching("label/account/values", "gold", "up"),
  matching("label/pod/values", '{ns=~".*",job="pods"}'),
  matching("series", "gold"),
  matching("series", '{__name__=~".+"}'),
  matching("series", '{ns="bank"}'),
  matching("series", "up", "gold # \r"),
  { ...matching("series", 'up,{ns="bank"}'), harmless: true },
  { ...matching("series", "gold offset 5m"), harmless: true },
  { ...matching("series"), harmless: true },
  { ...matching("series", ""), harmless: true },
  {
    name: "query twice, the first one harmless",
    path: "query",
    search: [
      ["query", "up"],
      ["query", "gold"],
      ["time", "TIME"],
    ],
  },
  {
    name: "query twice, the second one harmless",
    path: "query",
    search: [
      ["query", "gold"],
      ["query", "up"],
      ["time", "TIME"],
    ],
  },
  {
    name: "query in the URL and in the body",
    path: "query",
    search: [["query", "up"]],
    method: "POST",
    headers: form,
    body: encoded(["query", "gold"], ["time", "TIME"]),
  },
  {
    name: "query in the body of another type, up in the URL",
    path: "query",
    search: [
      ["query", "up"],
      ["time", "TIME"],
    ],
    method: "POST",
    headers: { "Content-Type": "multipart/form-data; boundary=x" },
    body: '--x\r\nContent-Disposition: form-data; name="query"\r\n\r\ngold\r\n--x--\r\n',
    harmless: true,
  },
  {
    name: "query in a body of JSON",
    path: "query",
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"query":"gold"}',
    harmless: true,
  },
  {
    name: "query of a form with a charset",
    path: "query",
    method: "POST",
    headers: { "Content-Type": "Application/X-WWW-Form-Urlencoded; charset=utf-16" },
    body: encoded(["query", "gold"], ["time", "TIME"]),
  },
  {
    name: "exemplars of gold",
    path: "query_exemplars",
    search: [
      ["query", "gold"],
      ["start", "BEGIN"],
      ["end", "TIME"],
    ],
    harmless: true,
  },
  {
    name: "match[] as another parameter",
    path: "series",
    search: [
      ["match[]", "up"],
      ["match", "gold"],
      ["match[]", "gold"],
    ],
  },
  {
    name: "explain with analysis",
    path: "explain",
    search: [
      ["query", "sum(requests_total)"],
      ["time", "TIME"],
    ],
    harmless: true,
  },
  {
    name: "another tenant in headers",
    path: "query",
    search: [
      ["query", "gold"],
      ["time", "TIME"],
    ],
    headers: {
      "X-Scope-OrgID": "admin",
      "X-Forwarded-User": "admin",
      "X-Remote-User": "admin",
      "X-WEBAUTH-USER": "admin",
      "X-Original-URL": "/api/v1/targets",
      "X-HTTP-Method-Override": "POST",
    },
  },
  {
    name: "matchers of one's own in parameters",
    path: "query",
    search: [
      ["query", "gold"],
      ["time", "TIME"],
      ["tenant", "admin"],
      ["namespace", "bank"],
      ["extra_filters[]", '{ns="bank"}'],
      ["engine", "x"],
    ],
  },
  { name: "a label's name that is a path", path: "label/..%2f..%2ftargets/values", harmless: true },
  { name: "a path with dots", path: "label/../targets", harmless: true },
  { name: "format_query", path: "format_query", search: [["query", "gold"]], harmless: true },
  { name: "parse_query", path: "parse_query", search: [["query", "gold"]], harmless: true },
];

export const hostileCases: readonly HostileCase[] = [...queries, ...others];

/** Paths under /api/v1/ that a restricted tenant is refused, whatever it sends. */
export const refusedPaths: readonly string[] = [
  "metadata",
  "targets",
  "targets/metadata",
  "scrape_pools",
  "rules",
  "alerts",
  "alertmanagers",
  "coverage",
  "status/buildinfo",
  "status/runtimeinfo",
];

/** Paths that there are not, whoever asks. */
export const unknownPaths: readonly string[] = [
  "/api/v1/status/config",
  "/api/v1/status/tsdb",
  "/api/v1/status/flags",
  "/api/v1/admin/tsdb/snapshot",
  "/api/v1/write",
  "/api/v1//query?query=gold",
  "/api/v1/query/?query=gold",
  "/API/v1/query?query=gold",
  "/graph",
  "//api/v1/query?query=gold",
];
