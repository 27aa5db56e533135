import { setTimeout as pause } from "node:timers/promises";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import { type EvaluatorOptions, EvaluatorProcess, evaluatorGrace } from "./evaluator-process.ts";
import { lastLines, rotateLog } from "./log-file.ts";
import { isAlive } from "./process-identity.ts";
import { RestartPauses } from "./restart-pauses.ts";
import { endProcess, type RunningProcess } from "./running-process.ts";

/** ms between two looks while it starts. */
const startPoll = 25;
/** ms between two looks while it is well. */
const watchPoll = 1000;
/** So many looks in a row without an answer are a hang. */
const silenceToHang = 3;
/** ms until a start has failed. */
const startDeadline = 30_000;

/**
 * The stock Prometheus beside a gateway: started, watched and restarted here, and outliving this process when that is killed; the
 * next one takes it over. Implements the gateway's Evaluator.
 */
export class LocalEvaluator {
  readonly #process: EvaluatorProcess;
  readonly #name: string;
  readonly #onEvent: ((sentence: string) => void) | undefined;
  readonly #closing = new AbortController();
  readonly #pauses = new RestartPauses();
  #state: "starting" | "ready" | "down" = "starting";
  #becameReady = Promise.withResolvers<void>();
  /** Ends the pause between two looks. */
  #look = new AbortController();
  #running: RunningProcess | undefined;
  #finished: Promise<void> = Promise.resolve();

  private constructor(options: EvaluatorOptions, process: EvaluatorProcess) {
    this.#name = options.name;
    this.#onEvent = options.onEvent;
    this.#process = process;
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
    if (survivor) evaluator.#say(`is taken over (process ${survivor.identity.pid})`);
    evaluator.#finished = evaluator.#run(survivor);
    return evaluator;
  }

  get state(): "starting" | "ready" | "down" {
    return this.#state;
  }

  /** @throws the signal's reason when it aborts first */
  async ready(signal: AbortSignal): Promise<{ url: string; features: PrometheusFeatures }> {
    while (this.#state !== "ready") {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      try {
        await Promise.race([this.#becameReady.promise, aborted.promise]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    }
    return { url: this.#process.url, features: this.#process.features };
  }

  /** A request to it failed: looks at once, and does not offer a dead one a moment longer. */
  suspect(_reason: string): void {
    const running = this.#running;
    if (this.#state === "ready" && running && !isAlive(running.identity)) this.#notReady("down");
    this.#look.abort();
  }

  /** Ends it and waits until it is gone. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#look.abort();
    await this.#finished;
  }

  async #run(survivor: RunningProcess | undefined): Promise<void> {
    const closing = this.#closing.signal;
    let next = survivor;
    while (!closing.aborted) {
      const since = performance.now();
      try {
        this.#running = next ?? (await this.#process.start());
        await this.#live(this.#running);
      } catch (error) {
        this.#say(`cannot be started: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.#notReady("down");
      if (this.#running) await endProcess(this.#running, closing.aborted ? evaluatorGrace : 0);
      this.#running = undefined;
      next = undefined;
      if (closing.aborted) break;
      const wait = this.#pauses.next(performance.now() - since);
      this.#say(`is started again${wait > 0 ? ` in ${wait / 1000} s` : ""}`);
      await pause(wait, undefined, { signal: closing }).catch(() => undefined);
      this.#notReady("starting");
    }
    await this.#process.forget();
  }

  /** From the start of one process until it has ended, hangs, or is no longer wanted. */
  async #live(running: RunningProcess): Promise<void> {
    const { pid } = running.identity;
    const gone = new AbortController();
    const watched = this.#watchEnd(running, gone);
    const begun = performance.now();
    let silent = 0;
    while (!gone.signal.aborted && !this.#closing.signal.aborted) {
      this.#look = new AbortController();
      const found = await this.#process.look(this.#closing.signal, this.#state === "ready");
      silent = found === "silent" ? silent + 1 : 0;
      if (silent >= silenceToHang) {
        this.#say(`does not answer (process ${pid}) and is ended`);
        return;
      }
      const life = performance.now() - begun;
      if (found === "well" && !gone.signal.aborted && this.#state !== "ready") {
        this.#state = "ready";
        this.#becameReady.resolve();
        this.#say(`is ready at ${this.#process.url} after ${Math.round(life)} ms (process ${pid})`);
      }
      if (this.#state !== "ready" && life > startDeadline) {
        this.#say(`is not ready after ${startDeadline / 1000} s (process ${pid}) and is ended`);
        return;
      }
      const wait = this.#state === "ready" && silent === 0 ? watchPoll : startPoll;
      if (!gone.signal.aborted)
        await pause(wait, undefined, { signal: this.#look.signal }).catch(() => undefined);
      if (this.#state === "ready") await rotateLog(this.#process.log).catch(() => undefined);
    }
    if (gone.signal.aborted) await watched;
  }

  async #watchEnd(running: RunningProcess, gone: AbortController): Promise<void> {
    const how = await running.ended;
    gone.abort();
    this.#notReady("down");
    this.#look.abort();
    if (this.#closing.signal.aborted) return;
    const [last] = await lastLines(this.#process.log, 1);
    this.#say(`has ended (process ${running.identity.pid}, ${how})${last ? `: ${last}` : ""}`);
  }

  #notReady(state: "starting" | "down"): void {
    if (this.#state === "ready") this.#becameReady = Promise.withResolvers<void>();
    this.#state = state;
  }

  #say(sentence: string): void {
    this.#onEvent?.(`${this.#name} ${sentence}`);
  }
}
