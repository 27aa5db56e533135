import { setTimeout as pause } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { httpAgent, sendRequest } from "../fetch/http-client.ts";
import { z } from "zod";
import { prometheusFeatures } from "../../plan/prometheus-version.ts";
import { reasonOf } from "../router/replica-watch.ts";
import { refuseEvaluator } from "./given-evaluator-config.ts";
import { shortBody } from "./ask-evaluator.ts";
import type { Evaluator, ReadyEvaluator } from "./evaluator.ts";

/** ms */
const times = { poll: 250, watch: 2000, patience: 2000 };
const largestConfig = 8 * 1024 ** 2;

const buildAnswer = z.object({ data: z.object({ version: z.string() }) });
const configAnswer = z.object({ data: z.object({ yaml: z.string() }) });

/** An evaluator that somebody else runs: it is used once it shows that it reads from this gateway, and from nowhere else. */
export class GivenEvaluator implements Evaluator {
  state: Evaluator["state"] = "starting";
  readonly #url: string;
  readonly #readUrl: string;
  readonly #say: (sentence: string) => void;
  readonly #dispatcher: Dispatcher = httpAgent();
  readonly #over = new AbortController();
  #ready = Promise.withResolvers<ReadyEvaluator>();
  objection: string | undefined;
  #wake: () => void = () => {};

  /** @param url base URL @param readUrl that its remote_read has to name */
  constructor(url: string, readUrl: string, say: (sentence: string) => void) {
    this.#url = url.replace(/\/+$/, "");
    this.#readUrl = readUrl;
    this.#say = say;
    void this.#run();
  }

  async ready(signal: AbortSignal): Promise<ReadyEvaluator> {
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([this.#ready.promise, promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  suspect(reason: string): void {
    this.#lost(reason);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#wake();
    await this.#dispatcher.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#look();
      const waiting = new AbortController();
      this.#wake = () => waiting.abort();
      const forMs = this.state === "ready" ? times.watch : times.poll;
      await pause(forMs, undefined, { signal: waiting.signal, ref: false }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#get("/-/ready");
      const { yaml } = configAnswer.parse(JSON.parse(await this.#get("/api/v1/status/config"))).data;
      const wrong = await refuseEvaluator(yaml, this.#readUrl);
      if (wrong !== undefined) throw new Error(wrong);
      if (this.state === "ready") return;
      const { version } = buildAnswer.parse(JSON.parse(await this.#get("/api/v1/status/buildinfo"))).data;
      const features = prometheusFeatures(version);
      // without it, each query is marked by a matcher instead
      const readsCarryTraceId = features.readsCarryTraceId && /^tracing:/m.test(yaml);
      this.state = "ready";
      this.objection = undefined;
      this.#ready.resolve({ url: this.#url, features: { ...features, readsCarryTraceId } });
      this.#say(`uses the evaluator at ${this.#url}, Prometheus ${version}`);
    } catch (error) {
      if (!this.#over.signal.aborted) this.#lost(reasonOf(error));
    }
  }

  #lost(reason: string): void {
    const objection = `cannot use the evaluator at ${this.#url}: ${reason}`;
    if (objection !== this.objection) this.#say(objection);
    this.objection = objection;
    if (this.state === "ready") this.#ready = Promise.withResolvers();
    this.state = "down";
  }

  async #get(path: string): Promise<string> {
    const { statusCode, body } = await sendRequest(this.#url + path, {
      dispatcher: this.#dispatcher,
      signal: AbortSignal.any([AbortSignal.timeout(times.patience), this.#over.signal]),
    });
    const text = (await shortBody(body, largestConfig)).toString();
    if (statusCode !== 200) throw new Error(`${path} says ${statusCode}: ${text.trim().slice(0, 200)}`);
    return text;
  }
}
