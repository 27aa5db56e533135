import type { CoverageDocument } from "../../src/gateway/coverage/coverage-answer.ts";
import { api, raw } from "../harness/http.ts";
import type { ChaosReplica } from "./chaos-fleet.ts";

/** ms between two looks. */
const every = 500;
/** s before a moment from which gaps are told. */
const shown = 40;

/** What the gateway knew of the replicas at any time of a run: where an answer was wrong, it tells why. */
export class CoverageLog implements AsyncDisposable {
  readonly #gateway: string;
  readonly #now: () => number;
  readonly #looks: { at: number; text: string }[] = [];
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;

  /** @param now s of the run */
  constructor(gateway: string, now: () => number) {
    this.#gateway = gateway;
    this.#now = now;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    }, every);
  }

  /** What was known around a time of the run: a line a look. */
  around(at: number): string[] {
    return this.#looks.filter((look) => Math.abs(look.at - at) < 3).map((look) => look.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const at = this.#now();
    const now = Date.now() / 1000;
    const range = { start: String(now - shown), end: String(now) };
    const document = await api<CoverageDocument>(this.#gateway, "coverage", range).catch(() => undefined);
    if (!document) return;
    const ago = (time: number | null | undefined) =>
      typeof time === "number" ? (time - now).toFixed(1) : "?";
    const told = document.shards
      .flatMap(({ replicas }) => replicas)
      .map(({ server, known, gaps, error }) => {
        const lacks = gaps.map(
          ({ labels, after, before, missed }) =>
            `${labels?.instance.split(":")[1] ?? "all"} ${ago(after)}…${ago(before)} (${missed ?? "?"})`,
        );
        return `${server} known to ${ago(known?.to)} lacks ${lacks.join(", ") || "nothing"}${error ? `, ${error}` : ""}`;
      });
    this.#looks.push({ at, text: `at ${at.toFixed(1)} s (${now.toFixed(1)}): ${told.join("; ")}` });
  }
}

/** The samples of `up` that the replicas really have: a line a target of each. @param from,to s since 1970 */
export async function upSamples(
  replicas: readonly ChaosReplica[],
  from: number,
  to: number,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { shard, name, url } of replicas)
    for (const { metric, values } of await raw(url, `up[${Math.ceil(to - from)}s]`, to))
      lines.push(
        `${shard}${name} ${metric["instance"]}: ${values.map(([time, value]) => `${(time - from).toFixed(2)}${value === "1" ? "" : ` (${value})`}`).join(" ")}`,
      );
  return lines;
}
