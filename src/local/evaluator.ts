import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import { type EvaluatorOptions, EvaluatorProcess, evaluatorRecordFile } from "./evaluator-process.ts";
import { KeptProcess } from "./kept-process.ts";

/** ms */
const times = { startPoll: 25, watchPoll: 250, startDeadline: 30_000, graceMs: 5000 };

/**
 * The stock Prometheus beside a gateway: started, watched and restarted here, and outliving this process when that is killed; the
 * next one takes it over. Implements the gateway's Evaluator.
 */
export class LocalEvaluator {
  readonly #process: EvaluatorProcess;
  readonly #kept: KeptProcess;

  private constructor(options: EvaluatorOptions, process: EvaluatorProcess) {
    this.#process = process;
    this.#kept = new KeptProcess({
      ...times,
      name: options.name,
      recordFile: evaluatorRecordFile(options.folder),
      log: process.log,
      prepare: async () => await process.prepare(),
      look: async (signal, wasReady) => await process.look(signal, wasReady),
      silenceToHang: 3,
      onEvent: (sentence) => options.onEvent?.(sentence),
    });
  }

  /**
   * Takes over the evaluator that a killed gateway left in the folder, if it is still what is wanted; starts one otherwise. Does
   * not wait until it is ready.
   * @param readUrl the gateway's remote_read endpoint
   * @throws PromfleetError STATE_CORRUPT, STATE_NOT_WRITABLE, DISK_FULL
   */
  static async start(options: EvaluatorOptions, readUrl: string): Promise<LocalEvaluator> {
    const process = new EvaluatorProcess(options, readUrl);
    const evaluator = new LocalEvaluator(options, process);
    const survivor = await process.takeOver();
    if (survivor) options.onEvent?.(`${options.name} is taken over (process ${survivor.identity.pid})`);
    evaluator.#kept.keep(survivor);
    return evaluator;
  }

  get state(): "starting" | "ready" | "down" {
    const { state } = this.#kept;
    return state === "ready" || state === "starting" ? state : "down";
  }

  /** @throws the signal's reason when it aborts first */
  async ready(signal: AbortSignal): Promise<{ url: string; features: PrometheusFeatures }> {
    await this.#kept.ready(signal);
    return { url: this.#process.url, features: this.#process.features };
  }

  /** A request to it failed: looks at once, and does not offer a dead one a moment longer. */
  suspect(_reason: string): void {
    this.#kept.lookNow();
  }

  /** Ends it and waits until it is gone. */
  async close(): Promise<void> {
    await this.#kept.stop();
    await this.#process.forget();
  }
}
