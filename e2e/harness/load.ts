import { type ApiAnswer, type Heard, ask, post } from "./http.ts";

/** One request of the mix that a dashboard sends. */
export interface Probe {
  name: string;
  /** From "/api/v1/". */
  path: string;
  params: Record<string, string>;
  method: "GET" | "POST";
  /** How much is in the answer, to see that it never becomes less. */
  amount(data: unknown): number;
}

const resultCount = (data: unknown): number => {
  const { resultType, result } = data as { resultType: string; result: unknown[] };
  return resultType === "scalar" ? 1 : result.length;
};
const listCount = (data: unknown): number => (data as unknown[]).length;
/** The value of a vector of one sample: for count(…). */
const firstValue = (data: unknown): number =>
  Number((data as { result: { value: [number, string] }[] }).result[0]?.value[1] ?? 0);

const instant = (query: string, amount = resultCount): Probe => ({
  name: `instant ${query}`,
  path: "query",
  params: { query },
  method: "POST",
  amount,
});
const range = (query: string): Probe => ({
  name: `range ${query}`,
  path: "query_range",
  params: { query, step: "5" },
  method: "POST",
  amount: resultCount,
});
const get = (path: string, params: Record<string, string> = {}): Probe => ({
  name: path,
  path,
  params,
  method: "GET",
  amount: listCount,
});

/** Queries that one shard or nobody has to be asked for, queries over all shards, and the APIs about labels. */
export const mix: readonly Probe[] = [
  instant("up"),
  instant("count(up)", firstValue),
  instant("sum(up) or vector(0)"),
  instant("1+1"),
  instant("vector(1)"),
  instant("quantile(0.9, scrape_duration_seconds)"),
  instant("sum by (job) (rate(scrape_samples_scraped[30s]))"),
  instant("topk(3, scrape_duration_seconds)"),
  instant('absent(up{job="there is none"})'),
  range("up"),
  range("sum by (job) (up)"),
  range("max_over_time(scrape_duration_seconds[20s])"),
  get("labels"),
  get("label/job/values"),
  get("label/__name__/values", { "match[]": "up" }),
  get("series", { "match[]": "up" }),
];

export interface Load {
  sent: number;
  failures: string[];
  /** ms of each answer, ascending. */
  latencies: number[];
  /** The highest amounts seen a probe; less than that later is a failure. */
  amounts: Map<string, number>;
}

/** Sends the mix at a steady rate, whatever the answers take, until it is told to stop. */
export class LoadGenerator {
  readonly load: Load = { sent: 0, failures: [], latencies: [], amounts: new Map() };
  readonly #base: string;
  readonly #began = performance.now();
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  /** @param perSecond requests a second */
  constructor(base: string, perSecond: number) {
    this.#base = base;
    this.#timer = setInterval(() => this.#sendDue(perSecond), 1000 / perSecond);
  }

  /** ms since the first request. */
  get elapsedMs(): number {
    return performance.now() - this.#began;
  }

  /** Sends no more, and waits for what is under way. */
  async stop(): Promise<Load> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.load.latencies.sort((a, b) => a - b);
    return this.load;
  }

  /** Timers come late on a busy machine: what is behind the schedule is sent too. */
  #sendDue(perSecond: number): void {
    while (this.load.sent < (this.elapsedMs / 1000) * perSecond) {
      const probe = mix[this.load.sent++ % mix.length];
      if (!probe) return;
      const sending = this.#send(probe).finally(() => this.#open.delete(sending));
      this.#open.add(sending);
    }
  }

  async #send(probe: Probe): Promise<void> {
    const at = (this.elapsedMs / 1000).toFixed(1);
    try {
      const heard = await sendProbe(this.#base, probe);
      this.load.latencies.push(heard.took);
      const wrong = this.#judge(probe, heard);
      if (wrong) this.load.failures.push(`at ${at} s ${probe.name}: ${wrong}`);
    } catch (error) {
      this.load.failures.push(`at ${at} s ${probe.name}: ${String(error)}`);
    }
  }

  #judge(probe: Probe, heard: Heard): string | undefined {
    const text = heard.body.toString();
    if (heard.status !== 200) return `${heard.status} ${text.slice(0, 300)}`;
    const answer = JSON.parse(text) as ApiAnswer;
    if (answer.status !== "success") return text.slice(0, 300);
    if (answer.warnings) return `with warnings: ${answer.warnings.join("; ").slice(0, 300)}`;
    const amount = probe.amount(answer.data);
    const before = this.load.amounts.get(probe.name) ?? 0;
    if (amount < before) return `${amount} where it was ${before} before`;
    this.load.amounts.set(probe.name, amount);
    return undefined;
  }
}

/** Sends one request of the mix; a range is the last two minutes. */
export async function sendProbe(base: string, probe: Probe, withinMs = 15_000): Promise<Heard> {
  const now = Date.now() / 1000;
  const params =
    probe.path === "query_range"
      ? { ...probe.params, start: String(now - 120), end: String(now) }
      : probe.params;
  const url = `${base}/api/v1/${probe.path}`;
  if (probe.method === "POST") return await post(url, params, { withinMs });
  const search = new URLSearchParams(params).toString();
  return await ask(search === "" ? url : `${url}?${search}`, { withinMs });
}

/** A quantile of ascending numbers. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
